"""The broker as a child process: it dies with us, and one that outlived us is found again and ended."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from streams.broker.settings import environment

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_S = 20.0  # Kafka closes its segments in well under a second; a loaded disk may take longer


async def spawn(command: list[str], folder: Path) -> asyncio.subprocess.Process:
    """Start `command` in `folder` with stdout and stderr in one pipe, in a session of its own.

    Its own session, because Ctrl-C in the terminal must reach us first: our consumers still commit to the broker then.
    On Linux the kernel ends it when the *thread* that called this ends, however that happens.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env=environment(),
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None  # end_leftover() finds it at the next start
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: afterwards only system calls are safe
    parent = os.getpid()

    def in_child() -> None:
        # SIGTERM, not SIGKILL: Kafka then closes its log cleanly.
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return in_child


async def end(process: asyncio.subprocess.Process, within_s: float = STOP_S) -> None:
    """Stop the child: politely, then, after `within_s` or when we are cancelled meanwhile (a second Ctrl-C), not."""
    if process.returncode is not None:
        return
    # It may have exited by itself without our loop having noticed yet: then there is nobody left to signal.
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), within_s)
    finally:
        if process.returncode is None:  # what it has acknowledged survives this: it lies in the page cache
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def end_leftover(pid_file: Path, mark: str) -> int | None:
    """End the broker that a killed parent left behind; its pid, or None when there is none. Blocks.

    Process ids are used again, so the command line has to name `mark`, this folder's own settings file. (A start time
    would do as well until somebody sets the clock.)
    """
    if not pid_file.exists():
        return None
    text = pid_file.read_text("utf-8").strip()
    pid_file.unlink()
    leftover = _process(int(text), mark) if text.isdigit() else None
    if leftover is None:
        return None
    leftover.terminate()
    try:
        leftover.wait(STOP_S)
    except psutil.TimeoutExpired:
        leftover.kill()
        leftover.wait(STOP_S)
    return leftover.pid


def _process(pid: int, mark: str) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if mark in process.cmdline() else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or somebody else's: not our broker
        return None
