"""`complaints`: what the loader says about a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad.complaints import Complaints


@pytest.fixture
def complaints(tmp_path: Path) -> Complaints:
    """Ask with the text of a tertulia.yaml."""
    return Complaints(tmp_path)
