"""Work beside the worker: a process of its own for each job, so that counting what arrives never waits for it.

A thread would not do: numpy lets go of the interpreter's lock, but reading words and writing documents does not. The
process lives as long as its job, and gives its memory back.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from streams.graph.job import Parts

_ROOT: Final = Path(__file__).parents[2]


_CHUNK: Final = 1 << 18


class JobFailed(Exception):
    """The process ended without a result; the text says how."""


class Aside:
    """Runs one job after the other."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._stopped = False

    async def run(self, job: Parts) -> bytes:
        """The result of an encoded job. Raises `JobFailed`."""
        async with self._turn:
            if self._stopped:
                raise JobFailed("the worker is stopping")
            process = self._process = await self._start()
            try:
                out, said = await _exchange(process, job)
            finally:
                self._kill()
                await process.wait()
            if process.returncode or not out:
                last = said.decode(errors="replace").strip().rpartition("\n")[2]
                raise JobFailed(f"the process for graphs ended with status {process.returncode}: {last[:300]}")
            return out

    def stop(self) -> None:
        """End what runs; nothing is begun any more."""
        self._stopped = True
        self._kill()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _start(self) -> asyncio.subprocess.Process:
        """In its own session, so that Ctrl-C reaches us alone; on one core, so that the others stay free."""
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "streams.graph.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )


async def _exchange(process: asyncio.subprocess.Process, job: Parts) -> tuple[bytes, bytes]:
    """(output, errors). The job goes in piece by piece: all at once would copy it about while others wait."""
    assert process.stdin is not None  # asked for above
    try:
        for piece in job:
            part = memoryview(piece)
            for start in range(0, len(part), _CHUNK):
                process.stdin.write(part[start : start + _CHUNK])
                await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has ended: its status and last words say why
    process.stdin.close()
    return await process.communicate()
