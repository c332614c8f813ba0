"""`tertulia up`: the embedded broker and one supervised child per role, until Ctrl-C.

Order: lock on the data folder -> port of the API -> broker -> topics -> children -> live pulse; undone in reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from bots import runfile
from bots.child import Child, command_of, environment_of
from bots.commands.client import ApiClient, AskFailed
from bots.ports import free_or_configured
from bots.pulses import ask_pulses, pulse_lines
from bots.roles import on_signals, set_up_logging
from bots.rotating import RotatingLog
from bots.screen import Screen, make_screen
from bots.settings import Failed, Options, configuration, url_of
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import BrokerEvent, EmbeddedKafka
from streams.kafka import admin_settings
from streams.tasks import Tasks
from streams.topics import Topics

CHILDREN_S = 5.0  # for the roles to commit and end; then they are killed, which loses nothing
BROKER_S = 3.0
LEAST_FREE = 256 * 1024 * 1024
DISK_EVERY_S = 10.0


def main(options: Options) -> int:
    """Run until told to stop; the exit code. Raises `Failed`, `ConfigError` and what the broker raises."""
    config = configuration(options)
    screen = make_screen(as_json=options.json)
    with _lock(config.data_dir):
        _log_to(config.data_dir / "logs" / "up.log", config.log_level, screen)
        up = Up(config, options, screen)
        try:
            code = asyncio.run(up.run())
        finally:
            screen.close()
    if up.interrupted_start:  # a download runs on in its threads; nothing of ours is left to be ended
        sys.stdout.flush()
        os._exit(code)
    return code


@contextlib.contextmanager
def _lock(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(data_dir / "up.lock", timeout=0):
            yield
    except filelock.Timeout as error:
        running = runfile.read(data_dir)
        process = f" (process {running.pid})" if running else ""
        raise Failed(
            f"another `tertulia up`{process} is running with {data_dir}: stop that one, or choose another folder with "
            "--data-dir"
        ) from error


def _log_to(path: Path, level: str, screen: Screen) -> None:
    set_up_logging(level, RotatingLog(path, lambda reason: screen.say("disk", reason)))


class Up:
    """Everything on this machine. `interrupted_start`: it was told to stop before it had started."""

    def __init__(self, config: Config, options: Options, screen: Screen) -> None:
        self._config, self._options, self._screen = config, options, screen
        self._broker: EmbeddedKafka | None = None
        self._children: list[Child] = []
        self._runs: list[asyncio.Task[None]] = []
        self._tasks = Tasks(lambda error: self._screen.say("up", f"{type(error).__name__}: {error}"))
        self._signals = 0
        self._started = False
        self._began = time.monotonic()

    @property
    def interrupted_start(self) -> bool:
        """Whether the start was cut short."""
        return self._signals > 0 and not self._started

    async def run(self) -> int:
        """Start, watch, stop; the exit code."""
        task = asyncio.current_task()
        assert task is not None  # we are in it
        on_signals(lambda: self._on_signal(task))
        try:
            await self._serve()
        except asyncio.CancelledError:
            if not self._signals:
                raise
        finally:
            await self._stop()
        return 2 if any(child.misconfigured for child in self._children) and not self._signals else 0

    def _on_signal(self, task: asyncio.Task[None] | asyncio.Task[int]) -> None:
        self._signals += 1
        if self._signals == 1:
            self._screen.say("up", "stopping (once more: at once)")
            task.cancel()
            return
        for child in self._children:
            child.kill()
        self._screen.close()
        os._exit(130)  # the broker ends with us; its log is made for that

    async def _serve(self) -> None:
        port = free_or_configured(self._config.api.host, self._config.api.port)
        bootstrap = self._config.kafka.bootstrap or await self._start_broker()
        await ensure_topics(bootstrap, Topics(self._config).specs(), admin_settings(self._config.kafka))
        url = self._options.api or url_of(self._config.api.host, port)
        runfile.write(self._config.data_dir, runfile.Running(os.getpid(), bootstrap, url))
        self._start_children(bootstrap, port)
        self._started = True
        self._tell_where(url)
        self._tasks.start(self._watch_disk(), "watch disk")
        self._tasks.start(self._show_pulses(url), "show pulses")
        await self._children_end()

    async def _start_broker(self) -> str:
        self._screen.say("up", "starting Apache Kafka")
        self._broker = EmbeddedKafka(
            self._config.data_dir,
            port=self._config.kafka.port or None,
            on_progress=self._screen.progress,
            on_event=self._on_broker,
        )
        await self._broker.start()
        return self._broker.bootstrap

    def _on_broker(self, event: BrokerEvent) -> None:
        self._screen.say("kafka", event.message)

    def _start_children(self, bootstrap: str, port: int) -> None:
        env = environment_of(bootstrap, port)
        logs = self._config.data_dir / "logs"
        roles = ["work", "collect", *(["chat"] if self._config.outlets else [])]
        for role in roles:
            child = Child(
                role, command_of(role, self._options.arguments()), env, logs / f"{role}.log", self._screen.say
            )
            self._children.append(child)
            self._runs.append(self._tasks.start(child.run(), role))

    async def _children_end(self) -> None:
        """Returns when the worker has ended for good: without it there is nothing to see."""
        await self._runs[0]

    def _tell_where(self, url: str) -> None:
        names = ", ".join(brand.display for brand in self._config.brands[:5])
        more = len(self._config.brands) - 5
        self._screen.say("up", f"listening for {names}{f' and {more} more' if more > 0 else ''}")
        self._screen.say("up", f"dashboard: {url}/   logs: {self._config.data_dir / 'logs'}")
        self._screen.say("up", f"ask: tertulia pulse {self._config.brands[0].name}   stop: Ctrl-C")

    async def _show_pulses(self, url: str) -> None:
        token = self._config.api.token
        brands = self._config.brands
        first = True
        async with ApiClient(url, token.get_secret_value() if token else None) as client:
            while True:
                try:
                    found = await ask_pulses(client, brands)
                except AskFailed as error:
                    logging.getLogger(__name__).debug("no pulse: %s", error)
                    await asyncio.sleep(0.5)
                    continue
                if first and not any(isinstance(pulse, str) for pulse in found):
                    self._screen.say("up", f"first numbers after {time.monotonic() - self._began:.0f} s")
                    first = False
                self._screen.pulses(pulse_lines(brands, found), found)
                await asyncio.sleep(self._screen.pulse_every_s)

    async def _watch_disk(self) -> None:
        while True:
            free = shutil.disk_usage(self._config.data_dir).free
            if free < LEAST_FREE:
                mib = free // 1024 // 1024
                self._screen.say(
                    "disk", f"the disk that holds {self._config.data_dir} is full ({mib} MB left): make room"
                )
            await asyncio.sleep(DISK_EVERY_S)

    async def _stop(self) -> None:
        for child, run in zip(self._children, self._runs, strict=True):
            child.stop()
            if child.pid is None:  # it waits to be started again
                run.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=CHILDREN_S)
        for child in self._children:
            child.kill()
        await asyncio.gather(*self._runs, return_exceptions=True)
        await self._tasks.stop()
        if self._broker is not None:
            self._broker.stop_within_s = BROKER_S
            await self._broker.stop()
        for child in self._children:
            child.close()
        if self._children:
            runfile.remove(self._config.data_dir)
        if self._broker is not None or self._children:
            self._screen.say("up", "stopped; what was heard is kept, the next start continues")
