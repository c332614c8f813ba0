"""The outlet for Alertmanager against a real one: what fires arrives, stays while it is said again, and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from bots.chat import places
from bots.chat.alertmanager import ALIVE, AlertmanagerOptions
from bots.chat.alertmanager import Alertmanager as Outlet
from bots.chat.base import Delivered, Message, Refused, Tools
from bots.chat.document import Document
from bots.chat_role import run_chat
from config.routing import Routing
from config.schema import Config
from streams.admin import ensure_topics
from streams.alerting.silences import SilenceTopic
from streams.alerting.silencing import asked
from streams.alerting.topic import AlertTopic
from streams.kafka import producer
from streams.records import Alert
from streams.tasks import Tasks
from streams.topics import Topics
from tests.real.alertmanager import Alertmanager
from tests.real.running import until

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
SPIKE = Alert(
    "a1b2c3d4",
    "volume-spike",
    "fairphone",
    "firing",
    BEGAN,
    BEGAN,
    title="Fairphone: 84 posts in 5m\x1b, «usually» 12 🙂",
    value=84,
    baseline=12,
    interval=(4, 21.5),
    p_value=1.25e-6,
    q_value=0.004,
    window="5m",
    evidence=({"id": "demo:1", "url": "https://example.org/1", "text": "what a stranger wrote"},),
    severity="critical",
    group="phones",
)
TWIN = msgspec.structs.replace(SPIKE, fingerprint="ffffffff")  # alike in every label, such as another author's


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Alertmanager]:
    found = Alertmanager(tmp_path)
    async with found.process:
        yield found


class Sender:
    """An outlet with a clock of its own."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.ahead = timedelta(0)
        self._outlet = Outlet(AlertmanagerOptions(url=url), Tools(http, lambda: datetime.now(UTC) + self.ahead))

    async def send(self, *alerts: Alert) -> object:
        """One message of these."""
        return await self._outlet.send(Message("key", Document("title", (), "https://example.org/#fairphone"), alerts))


@pytest.fixture
async def sender(manager: Alertmanager) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession() as http:
        yield Sender(manager.url, http)


def ends(alert: dict[str, Any]) -> datetime:
    """Until when it is said to fire."""
    return datetime.fromisoformat(alert["endsAt"])


async def test_what_fires_arrives_with_its_labels_and_figures(manager: Alertmanager, sender: Sender) -> None:
    assert await sender.send(SPIKE) == Delivered()
    (found,) = await manager.alerts()
    assert found["labels"] == {
        "alertname": "volume-spike",
        "kind": "volume-spike",
        "brand": "fairphone",
        "group": "phones",
        "severity": "critical",
        "number": "posts",
        "id": "a1b2c3d4",
    }
    assert found["annotations"] == {
        "summary": "Fairphone: 84 posts in 5m, «usually» 12 🙂",
        "value": "84",
        "baseline": "12",
        "interval": "4 21.5",
        "p_value": "1.25e-06",
        "q_value": "0.004",
        "window": "5m",
    }
    assert datetime.fromisoformat(found["startsAt"]) == BEGAN
    assert found["generatorURL"] == "https://example.org/#fairphone"
    assert found["status"]["state"] in {"active", "unprocessed"}
    assert "stranger" not in str(found)


async def test_said_again_it_is_the_same_alert_and_lives_on(manager: Alertmanager, sender: Sender) -> None:
    await sender.send(SPIKE)
    (first,) = await manager.alerts()
    sender.ahead = timedelta(minutes=1)  # the next time that it is said
    await sender.send(SPIKE)
    (second,) = await manager.alerts()
    assert second["fingerprint"] == first["fingerprint"]
    longer = ends(second) - ends(first)
    assert timedelta(seconds=55) < longer < timedelta(seconds=65 + 60)
    assert ends(second) > datetime.now(UTC) + ALIVE


async def test_what_is_over_ends_there(manager: Alertmanager, sender: Sender) -> None:
    await sender.send(SPIKE, TWIN)
    assert len(await manager.alerts()) == 2, "alike in all labels but one"
    now = datetime.now(UTC)
    await sender.send(msgspec.structs.replace(SPIKE, state="resolved", at=now, ended_at=now))
    (left,) = await manager.alerts()
    assert left["labels"]["id"] == "ffffffff"


async def test_what_is_not_said_again_resolves_by_itself(manager: Alertmanager, sender: Sender) -> None:
    sender.ahead = timedelta(seconds=2) - ALIVE  # as if the last time had been long ago
    assert await sender.send(SPIKE) == Delivered()
    assert len(await manager.alerts()) == 1

    async def is_over() -> bool:
        return not await manager.alerts()

    await until(is_over, "it ended by itself")


async def test_nothing_to_say_is_taken_too(manager: Alertmanager, sender: Sender) -> None:
    assert await sender.send() == Delivered()
    assert not await manager.alerts()


async def test_what_it_refuses_is_refused(manager: Alertmanager, sender: Sender) -> None:
    odd = msgspec.structs.replace(SPIKE, state="resolved", ended_at=BEGAN - timedelta(days=1))
    outcome = await sender.send(odd)
    assert isinstance(outcome, Refused)
    assert "400" in outcome.reason


async def test_from_kafka_by_the_chat_role_past_all_routes_and_silences(
    manager: Alertmanager, kafka: str, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Constants, so that the test need not wait a minute to see that what fires is said again.
    monkeypatch.setattr(places, "PASSED_ON", timedelta(milliseconds=100))
    monkeypatch.setattr(places, "KEPT_ALIVE", timedelta(milliseconds=200))
    outlets = {"alertmanager": {"url": manager.url, "rate": "1000/1s"}}
    nobody = Routing(outlets=())
    config = Config(namespace=namespace.lower(), data_dir=tmp_path / "chat", outlets=outlets, routing=nobody)
    await ensure_topics(kafka, Topics(config).specs())
    tasks, writer = Tasks(), producer(kafka, config.kafka)
    await writer.start()
    try:
        now = datetime.now(UTC)
        await SilenceTopic(writer, config).publish(asked(["brand=fairphone"], now, length="1h"))
        topic = AlertTopic(writer, config)
        await topic.publish(msgspec.structs.replace(SPIKE, at=now))
        tasks.start(run_chat(config, kafka), "chat")

        async def fires() -> bool:
            return [each["labels"]["id"] for each in await manager.alerts()] == [SPIKE.fingerprint]

        await until(fires, "it fires there")
        (first,) = await manager.alerts()

        async def lives_on() -> bool:
            (found,) = await manager.alerts()
            return ends(found) > ends(first)

        await until(lives_on, "it is said again")
        now = datetime.now(UTC)
        await topic.publish(msgspec.structs.replace(SPIKE, state="resolved", at=now, ended_at=now))

        async def is_over() -> bool:
            return not await manager.alerts()

        await until(is_over, "it is over there")
    finally:
        await tasks.stop()
        await writer.stop()
