"""`tertulia work` as a process of its own, as it runs in a cluster, and the questions one asks it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150  # for whatever is waited for: far beyond what it takes, so that a busy machine fails no test


def tertulia(*words: str, env: dict[str, str] | None = None) -> list[str]:
    """The command line of a `tertulia` command."""
    return [sys.executable, "-m", "bots.cli", *words]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class WorkerProcess:
    """One worker with its own data directory and port; both stay the same when it is started again."""

    def __init__(self, name: str, folder: Path, config: Path) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{name}.log"
        self._command = tertulia("work", "--config", str(config), "--data-dir", str(folder / name))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        settings = {"TERTULIA_API__PORT": str(self.port)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log
            )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(timeout=PATIENCE_S)

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def tail(self) -> str:
        """The end of its log, for whoever reads a failure."""
        return (
            "\n".join(line[:300] for line in self.log.read_text(errors="replace").splitlines()[-30:])
            if self.log.exists()
            else "(no log)"
        )


class Asker:
    """Asks workers, and waits until they answer what is wanted."""

    def __init__(self, session: aiohttp.ClientSession, workers: Sequence[WorkerProcess]) -> None:
        self._session, self._workers = session, workers

    async def get(self, worker: WorkerProcess, path: str, **params: str) -> tuple[int, Any]:
        """Status and JSON; status 0 while nothing listens."""
        try:
            async with self._session.get(worker.url + path, params=params) as response:
                return response.status, await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return 0, None

    async def until(self, what: str, missing: Callable[[], Awaitable[str]]) -> None:
        """Wait until nothing is `missing`; fails with what still is, and the workers' logs, when that never comes."""
        reason = ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while reason := await missing():
                    await asyncio.sleep(0.1)
        except TimeoutError:
            logs = "\n".join(f"--- {worker.name}\n{worker.tail()}" for worker in self._workers)
            raise AssertionError(f"never happened: {what}: {reason}\n{logs}") from None
