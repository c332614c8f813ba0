"""The role `chat` on the real Kafka: restarts, kill -9, the first start, silences, dead letters."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
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
from config.routing import Routing
from config.schema import Brand, Config
from streams.admin import ensure_topics
from streams.alerting.clock import to_ms
from streams.alerting.silences import Silence, SilenceTopic
from streams.alerting.topic import AlertTopic, TailAlerts
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.kafka import producer
from streams.records import Alert, DeadLetter
from streams.tail import Tail
from streams.tasks import Tasks
from streams.topics import Topics
from tests.bots.chat import destination as at_loopback
from tests.bots.chat.destination import Answer, Destination, Seen, destination
from tests.streams.api.stub import NOW as NOON
from tests.streams.api.stub import StubDesk, conversation, make_config

PAST = datetime.now(UTC) - timedelta(hours=1)
SOON = datetime.now(UTC) + timedelta(hours=1)  # after the first start of any role here
QUICK = {"group_by": ["alertname"], "group_wait": "0s", "group_interval": "20ms"}


def alert(fingerprint: str, state: str = "firing", **more: Any) -> Alert:
    """Each is a group of its own: its rule is called as it is."""
    return msgspec.structs.replace(at_loopback.alert(fingerprint, state, **more), rule=fingerprint)


class Chat:
    """The topics of one test, and the role as a task."""

    def __init__(
        self,
        bootstrap: str,
        config: Config,
        publish: Callable[[Alert], Awaitable[None]],
        silence: Callable[[Silence], Awaitable[None]],
    ) -> None:
        self.bootstrap, self.config, self.publish, self.silence = bootstrap, config, publish, silence

    @property
    def file(self) -> Path:
        return self.config.data_dir / "chat" / f"{self.config.namespace}.sqlite3"

    def configured(self, url: str, routing: dict[str, Any], **options: Any) -> Config:
        given = {"url": url, "first_wait": "10ms", "longest_wait": "50ms", "tries": 3, "rate": "1000/1s"} | options
        changed = {"outlets": {"webhook": given}, "routing": Routing.model_validate(QUICK | routing)}
        return self.config.model_copy(update=changed)

    @asynccontextmanager
    async def running(self, url: str, routing: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[None]:
        """The role, from start to cancellation."""
        tasks = Tasks()
        task = tasks.start(run_chat(self.configured(url, routing or {}, **options), self.bootstrap), "chat")
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
    yield Chat(kafka, config, AlertTopic(writer, config).publish, SilenceTopic(writer, config).publish)
    await writer.stop()


def told(place: Destination) -> list[str]:
    """`fingerprint-state` of what arrived, in order."""
    return [f"{each['fingerprint']}-{each['state']}" for seen in place.seen for each in alerts_of(seen)]


def alerts_of(seen: Seen) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(seen.body)["data"]["alerts"]
    return found


async def test_alerts_arrive_in_order_and_a_restart_repeats_nothing(chat: Chat) -> None:
    async with destination() as place:
        async with chat.running(place.url):
            await chat.publish(alert("a1", started=SOON))
            await place.wait_for(_at_least(1))
            await chat.publish(alert("a1", "resolved", started=SOON, at=SOON + timedelta(minutes=5)))
            await place.wait_for(_at_least(2))
        await chat.publish(alert("a2", started=SOON))  # while nobody listens
        async with chat.running(place.url):
            await place.wait_for(_at_least(3))
            await chat.publish(alert("a3", started=SOON))
            await place.wait_for(_at_least(4))
    assert told(place) == ["a1-firing", "a1-resolved", "a2-firing", "a3-firing"]
    assert len({seen.headers["Idempotency-Key"] for seen in place.seen}) == 4


async def test_the_first_start_tells_only_what_still_goes_on(chat: Chat) -> None:
    for old in (alert("over", started=PAST), alert("over", "resolved", started=PAST), alert("goes", started=PAST)):
        await chat.publish(old)
    async with destination() as place, chat.running(place.url):
        await place.wait_for(_at_least(1))
        await chat.publish(alert("over", started=SOON))
        await place.wait_for(_at_least(2))
    assert told(place) == ["goes-firing", "over-firing"]


async def test_alerts_of_a_brand_come_together_and_are_not_all_shown(chat: Chat) -> None:
    for number in range(30):
        await chat.publish(alert(f"a{number:02}", started=SOON))
    async with destination() as place, chat.running(place.url, {"group_by": ["brand"]}, most_alerts=4):
        await place.wait_for(_at_least(1))
    (message,) = place.seen
    assert len(alerts_of(message)) == 30, "programs get all of them"
    text = json.loads(message.body)["data"]["text"]
    assert text.startswith("🔺 Acme: 30 alerts")
    assert text.count("84 posts in 5m") == 4
    assert "… and 26 more" in text


async def test_an_earlier_version_s_memory_is_taken_over(chat: Chat) -> None:
    """Version 1 kept one row for each outlet and alert; upgrading must not tell everything again."""
    chat.file.parent.mkdir(parents=True)
    with sqlite3.connect(chat.file) as old:
        old.execute("CREATE TABLE outlets (outlet TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID")
        old.execute(
            "CREATE TABLE told (outlet TEXT NOT NULL, fingerprint TEXT NOT NULL, started_ms INTEGER NOT NULL, "
            "ended INTEGER NOT NULL, PRIMARY KEY (outlet, fingerprint)) WITHOUT ROWID"
        )
        old.execute("INSERT INTO outlets VALUES ('webhook', ?)", (to_ms(PAST),))
        for fingerprint, ended in (("goes", 0), ("ends", 0), ("ended", 1)):
            old.execute("INSERT INTO told VALUES ('webhook', ?, ?, ?)", (fingerprint, to_ms(PAST), ended))
    old.close()
    for each in (alert("goes", started=PAST), alert("ends", "resolved", started=PAST), alert("new", started=PAST)):
        await chat.publish(each)
    await chat.publish(alert("ended", "resolved", started=PAST))
    async with destination() as place, chat.running(place.url):
        await place.wait_for(_at_least(2))
        await chat.publish(alert("goes", "resolved", started=PAST))
        await place.wait_for(_at_least(3))
    assert sorted(told(place)[:2]) == ["ends-resolved", "new-firing"]
    assert told(place)[2:] == ["goes-resolved"]


async def test_a_change_of_routes_tells_nothing_again_and_another_outlet_hears_what_goes_on(chat: Chat) -> None:
    await chat.publish(alert("a1", started=SOON))
    async with destination() as place, destination() as other:
        async with chat.running(place.url):
            await place.wait_for(_at_least(1))
        routing = {"group_by": ["brand"], "routes": [{"matchers": ["kind=volume-spike"]}]}
        config = chat.configured(place.url, routing)
        both = config.outlets | {"other": {"kind": "webhook", "url": other.url}}
        tasks = Tasks()
        tasks.start(run_chat(config.model_copy(update={"outlets": both}), chat.bootstrap), "chat")
        await other.wait_for(_at_least(1))
        await chat.publish(alert("a2", started=SOON))
        await place.wait_for(_at_least(2))
        await tasks.stop()
    assert told(other)[0] == "a1-firing"
    assert told(place) == ["a1-firing", "a1-firing", "a2-firing"], "a2 brings its group along, as news of the group"


async def test_what_was_silenced_while_nobody_listened_is_not_told(chat: Chat) -> None:
    now = datetime.now(UTC)
    silence = Silence("s1", ("alertname=quiet",), now, now + timedelta(hours=1), "ana", "known", now)
    await chat.silence(silence)
    await chat.publish(alert("quiet", started=PAST))
    await chat.publish(alert("loud", started=PAST))
    async with destination() as place, chat.running(place.url):
        await place.wait_for(_at_least(1))
        await chat.silence(msgspec.structs.replace(silence, ends_at=now))
        await place.wait_for(_at_least(2))
    assert told(place) == ["loud-firing", "quiet-firing"]


async def test_a_digest_comes_from_the_api_once_though_the_role_is_started_again(chat: Chat) -> None:
    brands = make_config().brands
    server = ApiServer(
        StubDesk(make_config(), conversation("fairphone", 10)),
        make_config(),
        Peers(alone, 4),
        lambda: [],
        lambda: [],
        now=lambda: NOON,
    )
    await server.start()
    digest = {"name": "noon", "at": "12:00", "brands": ["fairphone"], "lang": "es"}
    async with destination() as place:
        config = chat.configured(place.url, {"digests": [digest]})
        api = config.api.model_copy(update={"port": int(server.url.rpartition(":")[2])})
        config = config.model_copy(update={"brands": brands, "api": api})
        wanted = 0
        for number, minutes in enumerate((-1, 1, 2, 1_441), 1):
            tasks = Tasks()
            tasks.start(run_chat(config, chat.bootstrap, now=beginning(NOON + timedelta(minutes=minutes))), "chat")
            await chat.publish(alert(f"a{number}", started=PAST))  # digests are looked at before alerts
            await place.wait_for(lambda seen, number=number: f"a{number}-firing" in told(place))  # type: ignore[misc]
            if minutes in (1, 1_441):
                wanted += 1
                await place.wait_for(lambda seen, wanted=wanted: len(digests(place)) == wanted)  # type: ignore[misc]
            await tasks.stop()
    await server.stop()
    first, second = digests(place)
    assert "Resumen de 1d, hasta 2026-11-23 12:00 UTC" in first
    assert "2026-11-24 12:00" in second


def digests(place: Destination) -> list[str]:
    """Their texts."""
    bodies = [json.loads(seen.body) for seen in place.seen]
    return [body["data"]["text"] for body in bodies if body["type"] == "message"]


def beginning(at: datetime) -> Callable[[], datetime]:
    """A clock that shows `at` now and goes on from there."""
    ahead = at - datetime.now(UTC)
    return lambda: datetime.now(UTC) + ahead


async def test_what_cannot_be_delivered_is_a_dead_letter_without_quotes_and_the_next_says_so(chat: Chat) -> None:
    async with destination() as place:
        place.usual = Answer(500, body="broken")
        async with chat.running(place.url):
            await chat.publish(alert("a1", started=SOON, text="words of a person"))
            await chat.publish(alert("a2", started=SOON))
            letters = await dead_letters(chat, 2)
            place.usual = Answer()
            await chat.publish(alert("a3", started=SOON))
            await place.wait_for(_at_least(7))
            await chat.publish(alert("a4", started=SOON))
            await place.wait_for(_at_least(8))
    assert told(place) == ["a1-firing"] * 3 + ["a2-firing"] * 3 + ["a3-firing", "a4-firing"]
    assert all(letter.source == "chat/webhook" and "answers 500: broken" in letter.reason for letter in letters)
    assert b'"a1"' in letters[0].record
    assert b"words of a person" not in letters[0].record
    lost = ["2 messages before this one could not be delivered" in seen.body.decode() for seen in place.seen]
    assert lost[6:] == [True, False]


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
            await place.wait_for(_at_least(5))
    assert sorted(set(told(place))) == [f"a{number}-firing" for number in range(5)]


async def test_no_words_of_anybody_are_on_the_disk(chat: Chat) -> None:
    async with destination() as place:
        place.usual = Answer(500)
        async with chat.running(place.url, tries=1_000):
            await chat.publish(alert("a1", started=SOON, text="words of a person"))
            await place.wait_for(_at_least(2))
        assert "words of a person" in place.seen[0].body.decode()
    waiting = sqlite3.connect(chat.file).execute("SELECT content FROM outbox").fetchall()
    assert len(waiting) == 1, "it is still to be told"
    stored = b"".join(path.read_bytes() for path in chat.file.parent.iterdir())
    assert b"a1" in stored
    assert b"words of a person" not in stored


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
        config = chat.configured(place.url, {}, tries=1_000)
        file = tmp_path / "config.json"
        file.write_text(config.model_dump_json(by_alias=True))
        await asyncio.gather(*(chat.publish(alert(f"a{number:02}", started=SOON)) for number in range(total)))
        for _ in range(KILLS):
            process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), chat.bootstrap])
            await place.wait_for(_at_least(len(place.seen) + 3))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        async with chat.running(place.url, tries=1_000):
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
    with pytest.raises(Misconfigured, match=r"outlets\.pigeon: there is no outlet 'pigeon'; there are: .*webhook"):
        await run_chat(config, chat.bootstrap)


def test_an_outlet_may_have_a_name_of_its_own() -> None:
    found = configured({"team": {"kind": "webhook", "url": "http://127.0.0.1:1"}})
    assert type(found["team"]).__name__ == "WebhookOptions"
