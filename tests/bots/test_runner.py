"""Sources under supervision, against the real Kafka."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import msgspec
import pytest

from bots.board import Board
from bots.cursors import load_statuses
from bots.http import Http
from bots.publish import Publisher
from bots.roots import Roots
from bots.runner import Runner, backoff
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.threads import ThreadFinder
from streams.records import Author, DeadLetter, Post, SourceStatus, parse_status
from streams.tasks import Tasks
from tests.bots.kafka_log import Log

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def post(number: int) -> Post:
    """Some post."""
    return Post(id=f"test:{number}", platform="test", author=Author(id="test:a"), text=f"text {number}", created_at=NOW)


Scene = Sequence[Batch | Exception | Callable[[], object] | None]


class Script(Source):
    """Each call of `collect` plays the next scene; an exception in it is raised, a function called, None hangs."""

    name: ClassVar[str] = "script"
    options_type: ClassVar[type[SourceOptions]] = SourceOptions
    endless: ClassVar[bool] = False
    quiet_s: ClassVar[float] = 0.3

    def __init__(self, tools: Tools, *scenes: Scene) -> None:
        super().__init__(SourceOptions(), tools)
        self.scenes = list(scenes)
        self.cursors: list[Any] = []

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        self.cursors.append(cursor)
        for item in self.scenes.pop(0):
            if isinstance(item, Exception):
                raise item
            if item is None:
                await asyncio.Event().wait()
            elif callable(item):
                item()
            else:
                yield item


Run = Callable[..., Runner]


@pytest.fixture
async def publisher(log: Log) -> AsyncIterator[Publisher]:
    """Started."""
    publisher = Publisher(log.bootstrap, log.config, random=Random(1))
    await publisher.start()
    yield publisher
    await publisher.stop()


@pytest.fixture
def runner(publisher: Publisher) -> Run:
    """Makes the runner of a script."""
    tools = Tools(http=Http(), now=lambda: NOW, random=Random(1), brands=())

    def make(*scenes: Scene, saved: SourceStatus | None = None) -> Runner:
        source = Script(tools, *scenes)
        board = Board(source.key, publisher, lambda: NOW, saved)
        return Runner(source, publisher, board, finder=None, random=Random(1), base_s=0.01)

    return make


async def states(log: Log) -> list[SourceStatus]:
    """Every status that was written."""
    return [parse_status(record.value) for record in await log.read(log.topics.cursors)]


async def keys(log: Log) -> list[str]:
    """The ids of the published posts."""
    return sorted(record.key.decode() for record in await log.read(log.topics.posts))


async def test_what_is_published_and_saved_can_be_loaded_by_the_next_process(runner: Run, log: Log) -> None:
    await runner([Batch([post(1)], {"at": 1}), Batch([post(2), post(3)], {"at": 2})]).run()
    assert await keys(log) == ["test:1", "test:2", "test:3"]
    status = (await load_statuses(log.bootstrap, log.config))["script"]
    assert (status.state, status.cursor, status.events, status.bad) == ("finished", {"at": 2}, 3, 0)
    later = runner([Batch()], saved=status)
    await later.run()
    assert later.source.cursors == [{"at": 2}]  # type: ignore[attr-defined]


async def test_after_a_failure_it_goes_on_behind_the_last_batch(runner: Run, log: Log) -> None:
    failures = [Retry("rate limit", after=0.01), OSError(111, "refused"), KeyError("a mistake of ours")]
    scenes = [[Batch([post(n)], n), failure] for n, failure in enumerate(failures)]
    run = runner(*scenes, [Batch([post(9)], 9)])
    await run.run()
    assert run.source.cursors == [None, 0, 1, 2]  # type: ignore[attr-defined]
    assert await keys(log) == ["test:0", "test:1", "test:2", "test:9"]


async def test_each_reason_can_be_read_while_it_backs_off(runner: Run, log: Log) -> None:
    run = runner([Retry("rate limit", after=3_600)])
    tasks = Tasks()
    task = tasks.start(run.run(), "runner")
    while not any(status.state == "retrying" for status in await states(log)):
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    found = await states(log)
    assert ("retrying", "rate limit") in [(status.state, status.reason) for status in found]
    assert found[-1].state == "stopped"


async def test_a_misconfigured_source_stops_with_its_message(runner: Run, log: Log) -> None:
    await runner([Batch([post(1)], 1), Misconfigured("sources.script.key: missing")]).run()
    last = (await states(log))[-1]
    assert (last.state, last.reason, last.cursor) == ("misconfigured", "sources.script.key: missing", 1)


async def test_a_malformed_record_is_a_dead_letter_and_the_rest_goes_on(runner: Run, log: Log) -> None:
    nameless = msgspec.structs.replace(post(2), author=None)
    ancient = msgspec.structs.replace(post(3), created_at=datetime(1970, 1, 1, tzinfo=UTC))
    run = runner([Batch([post(1), nameless, ancient, post(4)], 1, bad=[Bad(b"\xff", "no JSON", "77")])])
    await run.run()
    assert await keys(log) == ["test:1", "test:4"]
    letters = [msgspec.json.decode(r.value, type=DeadLetter) for r in await log.read(log.topics.dead_letters)]
    assert [(letter.offset, letter.source) for letter in letters] == [
        (at, "script") for at in ("77", "test:2", "test:3")
    ]
    assert [letter.reason for letter in letters[1:]] == ["`author.id` is missing", letters[2].reason]
    assert (run.board.status.bad, run.board.status.cursor) == (3, 1)


async def test_a_silent_stream_is_said_to_be_silent_and_opened_again(runner: Run, log: Log) -> None:
    run = runner([Batch([post(1)], 1), None], [Batch([post(2)], 2)])
    await run.run()
    assert run.source.cursors == [None, 1]  # type: ignore[attr-defined]
    assert await keys(log) == ["test:1", "test:2"]
    assert "silent" in [status.state for status in await states(log)]


async def test_gaps_survive_a_restart_and_are_bounded(runner: Run, log: Log) -> None:
    gaps = [Batch(gap=Gap(NOW, NOW, f"gap {n}")) for n in range(130)]
    await runner(gaps).run()
    status = (await load_statuses(log.bootstrap, log.config))["script"]
    await runner([Batch(gap=Gap(NOW, NOW, "one more"))], saved=status).run()
    status = (await load_statuses(log.bootstrap, log.config))["script"]
    assert [gap.reason for gap in status.gaps] == [*(f"gap {n}" for n in range(31, 130)), "one more"]


async def test_a_stop_saves_how_far_it_came(runner: Run, log: Log) -> None:
    run = runner([Batch([post(n)], n) for n in range(50)] + [None])
    run.source.quiet_s = 60.0  # type: ignore[misc]
    tasks = Tasks()
    task = tasks.start(run.run(), "runner")
    while run.board.status.cursor != 49:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    status = (await load_statuses(log.bootstrap, log.config))["script"]
    assert (status.state, status.cursor, status.events) == ("stopped", 49, 50)


async def test_a_source_is_told_of_a_resume_point_only_once_kafka_has_it(
    runner: Run, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    written: list[tuple[Any, asyncio.Future[None]]] = []

    def put_cursor(_key: str, value: bytes) -> asyncio.Future[None]:
        written.append((parse_status(value).cursor, asyncio.get_running_loop().create_future()))
        return written[-1][1]

    monkeypatch.setattr(publisher, "put_cursor", put_cursor)
    monkeypatch.setattr(Script, "saved", lambda _self, cursor: told.append(cursor))
    run = runner([Batch([post(1)], 1), None], saved=SourceStatus(name="script", cursor=0))
    run.source.quiet_s = 60.0  # type: ignore[misc]
    assert told == [0]  # found in Kafka at the start
    tasks = Tasks()
    task = tasks.start(run.run(), "runner")
    while run.board.status.cursor != 1 or not written:  # the post is in Kafka, the first status on its way
        await asyncio.sleep(0.01)
    assert told == [0]
    while told[-1] != 1:
        cursor, acknowledged = written[-1]
        if not acknowledged.done():
            assert told[-1] != cursor or cursor == 0
            acknowledged.set_result(None)
        await asyncio.sleep(0.01)
    task.cancel()
    while not task.done():
        for _, acknowledged in written:
            if not acknowledged.done():
                acknowledged.set_result(None)
        await asyncio.sleep(0.01)
    assert told == sorted(told)


async def test_a_full_disk_loses_nothing(runner: Run, log: Log, tmp_path: Path) -> None:
    """The store of threads cannot be written half way: all behind the resume point is read again."""
    answers = [msgspec.structs.replace(post(n), id=f"test:{n}" + "x" * 900, reply_to="test:1") for n in range(2, 60)]
    scene = [Batch([post(0)], 0), Batch([post(1), *answers], 1), Batch([post(99)], 2)]
    path = tmp_path / "roots.sqlite"
    with Roots(path) as roots, sqlite3.connect(path) as other:
        full = roots.database.execute("PRAGMA page_count").fetchone()[0] + 2
        roots.database.execute(f"PRAGMA max_page_count={full}")
        run = runner(scene, [lambda: roots.database.execute("PRAGMA max_page_count=100000"), *scene])
        run.finder = ThreadFinder(roots, wait_s=None)
        await run.run()
        assert other.execute("SELECT count(*) FROM roots").fetchone()[0] == 61
    assert "OperationalError: database or disk is full" in [status.reason for status in await states(log)]
    assert len(set(await keys(log))) == 61
    assert run.board.status.cursor == 2


def test_the_back_off_grows_has_jitter_and_obeys_the_network() -> None:
    random = Random(1)
    for failures in range(1, 40):
        waits = [backoff(failures, None, 1.0, random) for _ in range(200)]
        assert min(waits) >= 0.1
        assert max(waits) <= 300.1
        assert max(waits) > min(waits) + 0.5
    assert all(backoff(1, 60.0, 1.0, random) > 60 for _ in range(100))
