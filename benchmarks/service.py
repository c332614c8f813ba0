"""Real processes for benchmarks: a broker, workers and collectors that can be started, asked and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

import yaml


class Role:
    """One `tertulia` process."""

    def __init__(self, words: list[str], log: Path) -> None:
        self._words, self._log = words, log
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> Self:
        """Start it; its output goes to the log file."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "bots.cli", *self._words], stdout=log, stderr=log)
        return self

    def kill(self) -> None:
        """`kill -9`."""
        self._signal(signal.SIGKILL)
        self.kills += 1

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        self._signal(signal.SIGTERM)

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        assert self.process is not None
        return self.process.wait()

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, number)
            self.process.wait()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_config(path: Path, **settings: Any) -> Path:
    """A `tertulia.yaml` without live sources."""
    off = {name: {"enabled": False} for name in ("bluesky", "hackernews", "rss", "demo")}
    path.write_text(yaml.safe_dump({"sources": off, **settings}), encoding="utf-8")
    return path


def ask(url: str, *, timeout: float = 30.0) -> Any:
    """The JSON a route answers. Raises `OSError` while it does not."""
    with urllib.request.urlopen(url, timeout=timeout) as response:
        return json.load(response)


def ask_until(url: str, patience_s: float = 120.0) -> Any:
    """As `ask`, trying until it answers. Raises `TimeoutError`."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            return ask(url)
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise TimeoutError(f"no answer from {url} in {patience_s:.0f} s")
