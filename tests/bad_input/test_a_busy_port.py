"""The port of the API is taken: one line that names the key, and an exit code, not a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.bad_input.service import Service
from tests.e2e.worker_process import PATIENCE_S, ROOT, tertulia

pytestmark = pytest.mark.timeout(300)


def test_the_worker_says_which_key_to_change(kafka: str, namespace: str, tmp_path: Path) -> None:
    """And ends with 1, having joined no group."""
    service = Service(kafka, namespace.lower(), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            tertulia("work", "--config", str(service.file), "--data-dir", str(tmp_path / "data")),
            cwd=ROOT,
            env={**os.environ, "TERTULIA_API__PORT": str(port)},
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert f"`api.port`: 127.0.0.1:{port} is in use" in said.splitlines()[-1]
    assert "Traceback" not in said
