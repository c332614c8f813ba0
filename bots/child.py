"""One role as a supervised child: started again with back-off when it dies, its output kept and its warnings told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bots.rotating import RotatingLog

BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # the last one for ever
HEALTHY_S = 60.0  # having lived so long, the next death starts from the shortest back-off again
MISCONFIGURED = 2  # the exit code of a child that no restart can help
MOST_WORDS = 300  # of a child's line in the terminal; its log has the whole
_MAX_LINE = 1024 * 1024
_LINE = re.compile(r"^\S+ \S+ (?P<level>WARNING|ERROR|CRITICAL) (?P<logger>\S+): (?P<text>.*)$")
_OURS = ("bots", "streams", "classifiers", "config", "__main__")

Tell = Callable[[str, str], None]
"""Called with the role and a line for people."""


class Child:
    """Runs `command` until `stop`. `misconfigured` is set when it ended for good because its settings are wrong."""

    def __init__(self, role: str, command: Sequence[str], env: Mapping[str, str], log: Path, tell: Tell) -> None:
        self.role = role
        self.restarts = 0
        self.misconfigured = False
        self._command, self._env, self._say = command, env, tell
        self._log = RotatingLog(log, lambda reason: tell(role, reason))
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._last = ""

    @property
    def pid(self) -> int | None:
        """The process id; `None` while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Start, watch, start again; returns after `stop`, or when the role has ended for good."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            code = await self._once()
            if self._stopping or self._is_final(code):
                return
            failures = 0 if time.monotonic() - began > HEALTHY_S else failures
            delay = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            failures += 1
            self._say(self.role, f"ended ({self._why(code)}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            self.restarts += 1

    async def _once(self) -> int:
        # Its own session: Ctrl-C in the terminal reaches us alone, and we end the children in order. The pipe to its
        # standard input is never written to; its closing tells the child that we are gone.
        self._last = "it said nothing"
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=dict(self._env),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_MAX_LINE,
            start_new_session=True,
        )
        if self._stopping:  # stop() came while it was being started
            self.stop()
        await self._read(self._process)
        return await self._process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # asked for above
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line beyond the limit; the reader has dropped it
                continue
            if not raw:
                return
            self._take(raw.decode("utf-8", "replace").rstrip())

    def _take(self, line: str) -> None:
        self._log.line(line)
        if line and not line[0].isspace():
            self._last = line
        found = _LINE.match(line)
        if found and (found["level"] != "WARNING" or found["logger"].partition(".")[0] in _OURS):
            self._say(self.role, found["text"][:MOST_WORDS])

    def _is_final(self, code: int) -> bool:
        if code == MISCONFIGURED:
            self.misconfigured = True
            self._say(self.role, f"{self._last}. It is not started again before this is put right")
        elif code == 0:
            self._say(self.role, "has ended: there is nothing more for it to do")
        return code in (0, MISCONFIGURED)

    def _why(self, code: int) -> str:
        """The signal that ended it, or its own last words, which `main` makes the reason."""
        return f"signal {-code}" if code < 0 else f"exit code {code}: {self._last[:MOST_WORDS]}"

    def stop(self) -> None:
        """Ask it to end, and do not start it again."""
        self._stopping = True
        self._signal("terminate")

    def kill(self) -> None:
        """End it at once."""
        self._stopping = True
        self._signal("kill")

    def close(self) -> None:
        """Close the log file."""
        self._log.close()

    def _signal(self, name: str) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                getattr(self._process, name)()


def command_of(role: str, arguments: Sequence[str]) -> list[str]:
    """The command line of a role's process."""
    return [sys.executable, "-m", "bots.cli", role, "--supervised", *arguments]


def environment_of(bootstrap: str, api_port: int) -> dict[str, str]:
    """Our environment with what `up` found out: the broker's address and the API's port."""
    found = {"TERTULIA_KAFKA__BOOTSTRAP": bootstrap, "TERTULIA_API__PORT": str(api_port), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **found}
