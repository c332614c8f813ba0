"""The role `collect`: all enabled sources under supervision; and the replay of one file."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from bots.board import Board
from bots.cursors import load_statuses
from bots.http import Http
from bots.inbox import Inbox
from bots.objections import Objections
from bots.progress import Step
from bots.publish import Publisher
from bots.roots import Roots
from bots.runner import Runner
from bots.sources.base import Misconfigured, Source, SourceOptions, Tools
from bots.sources.registry import SOURCES
from bots.sources.replay import Replay, ReplayOptions
from bots.threads import LONGEST_WAIT_S, ThreadFinder
from config.schema import Config
from streams.records import SourceStatus
from streams.tasks import Tasks

log = logging.getLogger(__name__)

TICK_S = 0.2


class ReplayReport(msgspec.Struct, frozen=True):
    """What a replay did. `posts` are in Kafka; of them `deletes` are deletions, `orphans` never met their parent."""

    posts: int
    deletes: int
    bad: int
    orphans: int
    rings: int
    lines: int
    skipped_lines: int  # behind the resume point of an earlier, interrupted replay of the same file
    problem: str = ""  # why it did not come to the end


Watch = Callable[[int, int, int], None]
"""Told of a replay's progress: bytes read, bytes in all, posts handed to Kafka."""


async def run_collectors(config: Config, bootstrap: str, only: Sequence[str] = ()) -> None:
    """Collect from every enabled source, or those in `only`, until cancelled. Raises when the way to Kafka is lost."""
    random = Random()
    publisher = Publisher(bootstrap, config, random=random)
    async with Http(config.contact, random=random) as http:
        inbox = Inbox(bootstrap, config)
        tools = Tools(http=http, now=_now, random=random, brands=config.brands, inbox=inbox)
        sources = build(config, tools, only)
        try:
            await publisher.start()
            objections = await _heard(bootstrap, config, publisher)
            saved = await load_statuses(bootstrap, config)
            with ExitStack() as stores:
                runners = [_runner(source, publisher, config, saved, stores) for source in sources]
                await _supervise(runners, publisher, objections)
        finally:
            await publisher.stop()


def build(config: Config, tools: Tools, only: Sequence[str] = ()) -> list[Source]:
    """The enabled sources, in the registry's order. Raises `Misconfigured` for a name that is none."""
    unknown = [name for name in (*config.sources, *only) if name not in SOURCES]
    if unknown:
        raise Misconfigured(f"sources.{unknown[0]}: there is no such source; there are {', '.join(SOURCES)}")
    asked = {
        name: options_of(name, config.sources.get(name)) for name in SOURCES if name in config.sources or name in only
    }
    wanted = {name: options for name, options in asked.items() if (name in only if only else options.enabled)}
    return [source for name, options in wanted.items() for source in SOURCES[name].several(options, tools)]


def options_of(name: str, given: Any) -> SourceOptions:
    """The options of a source, validated; the loader may have done so already."""
    kind = SOURCES[name].options_type
    return given if isinstance(given, SourceOptions) else kind.model_validate(given or {})


async def replay(
    config: Config,
    bootstrap: str,
    path: Path,
    rate: float | None = None,
    *,
    again: bool = False,
    watch: Watch = lambda *_: None,
) -> ReplayReport:
    """Publish the posts of a file, from where an interrupted replay of it stopped, or `again` from its beginning.

    Returns when Kafka has acknowledged all of it. Raises `Misconfigured` when the file cannot be read.
    """
    random = Random()
    publisher = Publisher(bootstrap, config, random=random)
    async with Http(config.contact, random=random) as http:
        tools = Tools(http=http, now=_now, random=random, brands=config.brands)
        source = Replay(ReplayOptions(path=path, rate=rate), tools)
        try:
            await publisher.start()
            await _heard(bootstrap, config, publisher)
            saved = {} if again else await load_statuses(bootstrap, config)
            with ExitStack() as stores:
                return await _replayed(source, _runner(source, publisher, config, saved, stores), watch)
        finally:
            await publisher.stop()


async def _replayed(source: Replay, runner: Runner, watch: Watch) -> ReplayReport:
    begun = source.begin(runner.board.status.cursor)
    tasks = Tasks()
    tasks.start(_tick(source, runner, watch), "progress of the replay")
    try:
        await runner.run()
    finally:
        await tasks.stop()
    status, finder = runner.board.status, runner.finder
    watch(source.place.offset, source.size, status.events)
    return ReplayReport(
        posts=status.events,
        deletes=status.deletes,
        bad=status.bad,
        orphans=finder.orphans if finder else 0,
        rings=finder.rings if finder else 0,
        lines=source.place.line - begun.line,
        skipped_lines=begun.line,
        problem="" if status.state == "finished" else status.reason,
    )


async def _tick(source: Replay, runner: Runner, watch: Watch) -> None:
    while True:
        watch(source.place.offset, source.size, runner.board.status.events)
        await asyncio.sleep(TICK_S)


async def _heard(bootstrap: str, config: Config, publisher: Publisher) -> Objections:
    """The publisher knows from now on who does not want to be collected."""
    objections = Objections(bootstrap, config)
    await objections.start()
    publisher.refuses = objections.cover
    return objections


async def _supervise(runners: Sequence[Runner], publisher: Publisher, objections: Objections) -> None:
    """Run all of them until cancelled, or until the publisher is beyond help. One that stopped leaves the others."""
    if not runners:
        log.warning("no source is enabled: there is nothing to collect")
    tasks = Tasks()
    tasks.start(objections.run(), "objections")
    for runner in runners:
        tasks.start(runner.run(), f"collect {runner.source.key}")
    try:
        await publisher.failure()
    finally:
        await tasks.stop()


def _runner(
    source: Source, publisher: Publisher, config: Config, saved: Mapping[str, SourceStatus], stores: ExitStack
) -> Runner:
    board = Board(source.key, publisher, _now, saved.get(source.key))
    finder: ThreadFinder[Step] | None = None
    if not source.names_root:
        file = re.sub(r"[^\w.-]+", "_", f"{config.namespace}-{source.name}") + ".sqlite"
        roots = stores.enter_context(Roots(config.data_dir / "collect" / file))
        finder = ThreadFinder(roots, wait_s=LONGEST_WAIT_S if source.endless else None)
    return Runner(source, publisher, board, finder=finder, random=source.tools.random)


def _now() -> datetime:
    return datetime.now(UTC)
