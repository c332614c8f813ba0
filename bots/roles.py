"""One role (`work`, `collect`, `chat`) as a process: its log, its end by SIGTERM, and its end when `up` is gone."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bots.settings import Options, bootstrap_of, configuration
from config.schema import Config
from streams.admin import ensure_topics
from streams.kafka import admin_settings
from streams.topics import Topics

Role = Callable[[Config, str], Awaitable[None]]
"""Runs until cancelled, with a configuration and the address of Kafka."""

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
GRACE_S = 8.0  # an orphan that does not end by itself in this time is ended
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBRARIES = ("aiokafka", "faust", "kafka", "mode", "asyncio")  # their INFO is a line per request or heartbeat

log = logging.getLogger(__name__)


def set_up_logging(level: str, handler: logging.Handler | None = None) -> None:
    """All of it to `handler`, else on stderr: journald, docker and `up` take it from there."""
    handler = handler or logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def end_with_parent() -> None:
    """Called in a child of `up`: end when it ends, however it ends. Its end closes our standard input."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_await_parent, name="parent", daemon=True).start()


def _await_parent() -> None:
    while os.read(0, 1024):  # nothing is ever written to it: this returns at its end
        continue
    timer = threading.Timer(GRACE_S, os._exit, (1,))
    timer.daemon = True
    timer.start()
    signal.raise_signal(signal.SIGTERM)


def run(role: Coroutine[Any, Any, None]) -> None:
    """Run until it ends or SIGTERM or Ctrl-C cancels it."""
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - not on Windows

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_told(role))
    else:
        asyncio.run(_until_told(role))


async def _until_told(role: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(role)
    on_signals(task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("stopped")


def on_signals(act: Callable[[], object]) -> None:
    """Call `act` in the running loop for each SIGINT and SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))
        else:
            loop.add_signal_handler(number, act)


def start(role: Role, options: Options, *, supervised: bool) -> None:
    """What the commands `work`, `collect` and `chat` do. Raises `ConfigError`, `Failed` and what the role raises."""
    if supervised:
        end_with_parent()
    config = configuration(options)
    set_up_logging(config.log_level)
    run(_prepared(role, config, bootstrap_of(config), topics=not supervised))


async def _prepared(role: Role, config: Config, bootstrap: str, *, topics: bool) -> None:
    if topics:  # `up` has made them for its children
        await ensure_topics(bootstrap, Topics(config).specs(), admin_settings(config.kafka))
    await role(config, bootstrap)
