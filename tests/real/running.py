"""A server as a process on loopback: started, waited for, killed, and started again in the same folder."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE_S = 120.0  # for whatever is waited for: far beyond what it takes, so that a busy machine fails no test


class Running:
    """One process, its log, and the port by which it shows that it is there."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, port: int, env: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._folder, self._port = [str(word) for word in command], folder, port
        self.env = {**os.environ, **(env or {})}
        self._log = folder / f"{Path(self._command[0]).name}-{port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    async def start(self) -> None:
        """Start it and wait until it listens. Fails with the end of its log when it does not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await until(self._listens, f"{self._command[0]} listens")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to it and to all that it started, and wait for its end."""
        if self._process is None:
            return
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(PATIENCE_S)
        self._process = None

    async def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"{self._command[0]} ended by itself:\n{self.tail()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def tail(self) -> str:
        """The end of its log, for whoever reads a failure."""
        return "\n".join(line[:400] for line in self._log.read_text(errors="replace").splitlines()[-25:])


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something that comes soon; fails with `what` when it never does."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await true():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never happened: {what}") from None
