"""The role `chat` on the real Kafka: restarts, kill -9, the first start, dead letters."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bots.chat_role import configured, run_chat
from bots.sources.base import Misconfigured
from config.schema import Brand, Config
from streams.admin import ensure_topics
from streams.alerting.topic import AlertTopic, TailAlerts
from streams.kafka import producer
from streams.records import Alert, DeadLetter
from streams.tail import Tail
from streams.tasks import Tasks
from streams.topics import Topics
from tests.bots.chat.destination import Answer, Destination, Seen, alert, destination

PAST = datetime.now(UTC) - timedelta(hours=1)
SOON = datetime.now(UTC) + timedelta(hours=1)  # after the first start of any role here


class Chat:
    """The topics of one test, and the role as a task."""

    def __init__(self, bootstrap: str, config: Config, publish: Callable[[Alert], Awaitable[None]]) -> None:
        self.bootstrap, self.config, self.publish = bootstrap, config, publish

    @asynccontextmanager
    async def running(self, url: str, **options: Any) -> AsyncIterator[None]:
        """The role, from start to cancellation."""
        given = {"url": url, "first_wait": "10ms", "longest_wait": "50ms", "tries": 3} | options
        config = self.config.model_copy(update={"outlets": {"webhook": given}})
        tasks = Tasks()
        task = tasks.start(run_chat(config, self.bootstrap), "chat")
        try:
            yield
            assert not task.done(), task.exception()
        finally:
            await tasks.stop()


@pytest.fixture
async def chat(kafka: str, namespace: str, tmp_path: Path) -> AsyncIterator[Chat]:
    brand = Brand(name="acme", title="Acme", terms=("acme",))
    config = Config(namespace=namespace.lower(), data_dir=tmp_path / "data", brands=(brand,))
    await ensure_topics(kafka, Topics(config).specs())
    writer = producer(kafka, config.kafka)
    await writer.start()
    yield Chat(kafka, config, AlertTopic(writer, config).publish)
    await writer.stop()


def told(place: Destination) -> list[str]:
    """`fingerprint-state` of what arrived, in order."""
    return ["-".join(seen.headers["Idempotency-Key"].split("-")[:2]) for seen in place.seen]


async def test_alerts_arrive_in_order_and_a_restart_repeats_nothing(chat: Chat) -> None:
    async with destination() as place:
        async with chat.running(place.url):
            await chat.publish(alert("a1", started=SOON))
            await chat.publish(alert("a1", "resolved", started=SOON, at=SOON + timedelta(minutes=5)))
            await place.wait_for(lambda seen: len(seen) == 2)
        await chat.publish(alert("a2", started=SOON))  # while nobody listens
        async with chat.running(place.url):
            await place.wait_for(lambda seen: len(seen) == 3)
            await chat.publish(alert("a3", started=SOON))
            await place.wait_for(lambda seen: len(seen) == 4)
    assert told(place) == ["a1-firing", "a1-resolved", "a2-firing", "a3-firing"]
    assert json.loads(place.seen[0].body)["data"]["brand"] == "Acme"


async def test_the_first_start_tells_only_what_still_goes_on(chat: Chat) -> None:
    for old in (alert("over", started=PAST), alert("over", "resolved", started=PAST), alert("goes", started=PAST)):
        await chat.publish(old)
    async with destination() as place, chat.running(place.url):
        await place.wait_for(lambda seen: len(seen) == 1)
        await chat.publish(alert("over", started=SOON))
        await place.wait_for(lambda seen: len(seen) == 2)
    assert told(place) == ["goes-firing", "over-firing"]


async def test_what_cannot_be_delivered_is_a_dead_letter_without_quotes(chat: Chat) -> None:
    async with destination() as place:
        place.usual = Answer(500, body="broken")
        async with chat.running(place.url):
            await chat.publish(alert("a1", started=SOON, text="words of a person"))
            await chat.publish(alert("a2", started=SOON))
            letters = await dead_letters(chat, 2)
    assert told(place) == ["a1-firing"] * 3 + ["a2-firing"] * 3
    assert [letter.offset for letter in letters] == ["a1/firing", "a2/firing"]
    assert all(letter.source == "chat/webhook" and "answers 500: broken" in letter.reason for letter in letters)
    assert b"words of a person" not in letters[0].record


async def dead_letters(chat: Chat, count: int) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    enough = asyncio.Event()

    async def keep(records: Any) -> None:
        found.extend(msgspec.json.decode(record.value, type=DeadLetter) for record in records)
        if len(found) >= count:
            enough.set()

    tasks = Tasks()
    tasks.start(Tail(chat.bootstrap, chat.config.kafka, Topics(chat.config).dead_letters, keep).run(), "letters")
    await enough.wait()
    await tasks.stop()
    return found


async def test_a_destination_away_for_a_while_misses_nothing(chat: Chat) -> None:
    async with destination() as place:
        port = int(place.url.rpartition(":")[2])
    async with chat.running(f"http://127.0.0.1:{port}", tries=1_000):
        for number in range(5):
            await chat.publish(alert(f"a{number}", started=SOON))
        await asyncio.sleep(0.3)  # lets it fail a few times; nothing depends on how many
        async with destination(port) as place:
            await place.wait_for(lambda seen: len(seen) >= 5)
    assert sorted(set(told(place))) == [f"a{number}-firing" for number in range(5)]


def _at_least(wanted: int) -> Callable[[list[Seen]], bool]:
    return lambda seen: len(seen) >= wanted


KILLS = 6
PROGRAM = """
import asyncio, sys
from pathlib import Path
from bots.chat_role import run_chat
from config.schema import Config
asyncio.run(run_chat(Config.model_validate_json(Path(sys.argv[1]).read_text()), sys.argv[2]))
"""


async def test_kill_9_at_any_moment_loses_nothing_and_repeats_only_under_the_same_key(
    chat: Chat, tmp_path: Path
) -> None:
    """Six kills, each right after a request came in: some before its answer, some before it was remembered."""
    total = 24
    async with destination() as place:
        settings = chat.config.model_dump(mode="json") | {
            "outlets": {"webhook": {"url": place.url, "first_wait": "10ms", "tries": 1000}}
        }
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings))
        await asyncio.gather(*(chat.publish(alert(f"a{number:02}", started=SOON)) for number in range(total)))
        for _ in range(KILLS):
            process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), chat.bootstrap])
            wanted = len(place.seen) + 3
            await place.wait_for(_at_least(wanted))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        async with chat.running(place.url):
            await place.wait_for(lambda seen: len(set(told(place))) == total)
            await chat.publish(alert("last", started=SOON))
            await place.wait_for(lambda seen: told(place)[-1] == "last-firing")
    keys = Counter(seen.headers["Idempotency-Key"] for seen in place.seen)
    assert len(keys) == total + 1
    assert sum(keys.values()) - len(keys) <= KILLS, "at most the one that was under way at each kill"


async def test_the_tail_knows_the_newest_of_each_and_what_is_recent(chat: Chat) -> None:
    now = datetime.now(UTC)
    old = alert("old", "resolved", started=now - timedelta(days=9))
    for each in (old, alert("a1", started=PAST), alert("a1", "resolved", started=PAST, at=now), alert("a2", at=PAST)):
        await chat.publish(each)
    tail = TailAlerts(chat.bootstrap, chat.config)
    tasks = Tasks()
    tasks.start(tail.run(), "tail")
    await tail.ready()
    await tasks.stop()
    assert {each.fingerprint: each.state for each in tail.all()} == {
        "old": "resolved",
        "a1": "resolved",
        "a2": "firing",
    }
    assert [each.fingerprint for each in tail.recent(now)] == ["a1", "a2"]
    assert tail.get("nothing") is None


async def test_an_unknown_outlet_is_named(chat: Chat) -> None:
    config = chat.config.model_copy(update={"outlets": {"pigeon": {}}})
    with pytest.raises(
        Misconfigured, match=r"outlets\.pigeon: there is no outlet 'pigeon'; there are: matrix, webhook"
    ):
        await run_chat(config, chat.bootstrap)


def test_an_outlet_may_have_a_name_of_its_own() -> None:
    found = configured({"team": {"kind": "webhook", "url": "http://127.0.0.1:1"}})
    assert type(found["team"]).__name__ == "WebhookOptions"
