"""A supervised child: started again when it dies, ended with its parent, its warnings told. Real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from bots.child import Child

ROOT = Path(__file__).parents[2]


async def until(what: Callable[[], object]) -> None:
    """Wait until something holds; the test's own time limit ends it."""
    while not what():
        await asyncio.sleep(0.02)


class Heard(list[tuple[str, str]]):
    """What was told."""

    def __call__(self, role: str, text: str) -> None:
        self.append((role, text))


def child(code: str, folder: Path, heard: Heard) -> Child:
    """A child that runs Python code."""
    return Child("work", [sys.executable, "-c", code], os.environ, folder / "logs" / "work.log", heard)


async def test_starts_again_after_kill(tmp_path: Path) -> None:
    heard = Heard()
    one = child("import time; time.sleep(600)", tmp_path, heard)
    run = asyncio.ensure_future(one.run())
    await until(lambda: one.pid)
    first = one.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: one.pid not in (None, first))
    assert heard == [("work", "ended (signal 9); starting it again in 0.5 s")]
    one.stop()
    await run
    assert one.pid is None
    assert one.restarts == 1
    one.close()


async def test_tells_its_last_words(tmp_path: Path) -> None:
    heard = Heard()
    one = child("import sys; print('disk is gone'); sys.exit(1)", tmp_path, heard)
    run = asyncio.ensure_future(one.run())
    await until(lambda: heard)
    assert heard[0] == ("work", "ended (exit code 1: disk is gone); starting it again in 0.5 s")
    one.stop()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    one.close()


async def test_is_not_started_again_when_misconfigured(tmp_path: Path) -> None:
    heard = Heard()
    one = child("import sys; print('tertulia.yaml:3: api.port: wrong'); sys.exit(2)", tmp_path, heard)
    await one.run()
    assert one.misconfigured
    assert heard == [("work", "tertulia.yaml:3: api.port: wrong. It is not started again before this is put right")]
    one.close()


async def test_is_not_started_again_when_it_has_done_its_work(tmp_path: Path) -> None:
    heard = Heard()
    one = child("pass", tmp_path, heard)
    await one.run()
    assert (one.misconfigured, one.restarts) == (False, 0)
    assert heard == [("work", "has ended: there is nothing more for it to do")]
    one.close()


async def test_warnings_are_told_and_everything_is_kept(tmp_path: Path) -> None:
    code = """
print("2026-01-01 10:00:00,000 INFO bots.board: fine")
print("2026-01-01 10:00:00,000 WARNING bots.board: bluesky is retrying")
print("2026-01-01 10:00:00,000 WARNING kafka.client: noise of a library")
print("2026-01-01 10:00:00,000 ERROR aiokafka: the way to Kafka is lost")
print("x" * 3_000_000)
print("after a very long line")
"""
    heard = Heard()
    one = child(code, tmp_path, heard)
    await one.run()
    one.close()
    assert heard[:2] == [("work", "bluesky is retrying"), ("work", "the way to Kafka is lost")]
    log = (tmp_path / "logs" / "work.log").read_text()
    assert "INFO bots.board: fine" in log
    assert "noise of a library" in log
    assert log.endswith("after a very long line\n")


async def test_ends_with_its_parent(tmp_path: Path) -> None:
    """kill -9 of the parent: the child must not live on."""
    grandchild = (
        "from bots.roles import end_with_parent; end_with_parent(); import os, pathlib, time; "
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(600)"
    )
    code = f"""
import asyncio, os, pathlib, sys
from bots.child import Child
one = Child("work", [sys.executable, "-c", {grandchild!r}], os.environ, pathlib.Path({str(tmp_path / "log")!r}), print)
asyncio.run(one.run())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    process = psutil.Process(int((tmp_path / "pid").read_text()))
    parent.kill()
    parent.wait()
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
