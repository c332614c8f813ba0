"""Digests: at their local time, once a day whatever restarts, in words from the real API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bots.chat.base import Message, Refused, RetryLater
from bots.chat.digesting import Digesting
from bots.chat.digests import Digests, last_of, next_of
from bots.chat.groups import Destination
from bots.chat.outbox import Digested, Outbox, Waiting
from bots.chat.store import Store
from bots.commands.client import ApiClient
from config.routing import Digest, Routing
from config.schema import Config
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from tests.bots.chat.destination import alert
from tests.streams.api.stub import NOW, StubDesk, conversation, make_config

MADRID = ZoneInfo("Europe/Madrid")


def digest(**more: Any) -> Digest:
    return Digest.model_validate({"name": "morning", "at": "08:00", "zone": "Europe/Madrid", **more})


class Role:
    """The part of the chat role that sends digests, on a file that outlives it."""

    def __init__(self, path: Path, *digests: Digest) -> None:
        self.path, self.digests = path, digests
        self.sent: list[tuple[datetime, str, str]] = []

    def at(self, now: datetime) -> None:
        """A fresh process looks once, and what is due is delivered."""
        store = Store(self.path)
        outbox = Outbox(store)
        Digests(store, outbox, self.digests, ["o1", "o2"]).tick(now)
        for to in sorted(outbox.destinations()):
            while (message := outbox.first(to)) is not None:
                assert isinstance(message.content, Digested)
                self.sent.append((message.content.to.astimezone(MADRID), to.outlet, message.key))
                outbox.delivered(message, 0)
        store.close()


def madrid(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=MADRID).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_once_a_day_at_its_local_time_across_restarts_and_the_change_of_the_clocks(tmp_path: Path) -> None:
    role = Role(tmp_path / "store.sqlite3", digest(outlets=["o1"]))
    now = madrid(2026, 10, 23, 12, 0)
    while now < madrid(2026, 10, 27, 12, 0):  # the clocks went back on the 25th
        role.at(now)
        now += timedelta(minutes=20)
    assert [f"{at:%d %H:%M %Z}" for at, _, _ in role.sent] == [
        "24 08:00 CEST",
        "25 08:00 CET",
        "26 08:00 CET",
        "27 08:00 CET",
    ]
    assert len({key for _, _, key in role.sent}) == 4


def test_a_new_digest_waits_for_its_time(tmp_path: Path) -> None:
    role = Role(tmp_path / "store.sqlite3", digest())
    role.at(madrid(2026, 11, 2, 9, 0))
    assert role.sent == []
    role.at(madrid(2026, 11, 3, 8, 0))
    assert [outlet for _, outlet, _ in role.sent] == ["o1", "o2"]


def test_a_late_one_is_sent_and_a_very_late_one_left_out(tmp_path: Path) -> None:
    role = Role(tmp_path / "store.sqlite3", digest(outlets=["o1"]))
    role.at(madrid(2026, 11, 2, 9, 0))
    role.at(madrid(2026, 11, 3, 13, 0))
    role.at(madrid(2026, 11, 4, 20, 0))
    role.at(madrid(2026, 11, 5, 7, 0))
    assert [at.day for at, _, _ in role.sent] == [3]


def test_a_weekly_one_comes_on_its_day(tmp_path: Path) -> None:
    role = Role(tmp_path / "store.sqlite3", digest(outlets=["o1"], weekdays=["monday"], window="7d"))
    for hour in range(24 * 21):
        role.at(madrid(2026, 11, 4, 0, 30) + timedelta(hours=hour))
    assert [at.day for at, _, _ in role.sent] == [9, 16, 23]


def test_the_next_time_is_after_now_and_the_last_is_not() -> None:
    given = digest(weekdays=["monday:friday"])
    friday, monday = madrid(2026, 11, 6, 8, 0), madrid(2026, 11, 9, 8, 0)
    assert (last_of(given, friday), next_of(given, friday)) == (friday, monday)
    assert last_of(given, monday - timedelta(seconds=1)) == friday
    assert next_of(digest(at="24:00", zone="UTC"), datetime(2026, 11, 6, 12, tzinfo=UTC)) == datetime(
        2026, 11, 7, tzinfo=UTC
    )


@pytest.fixture
async def client() -> AsyncIterator[ApiClient]:
    fired = msgspec.structs.replace(alert(started=NOW - timedelta(hours=2)), brand="fairphone")
    old = msgspec.structs.replace(alert("old", started=NOW - timedelta(days=3)), brand="fairphone")
    server = ApiServer(
        StubDesk(make_config(), conversation("fairphone", 10)),
        make_config(),
        Peers(alone, 4),
        lambda: [],
        lambda: [fired, old],
        now=lambda: NOW,
    )
    await server.start()
    async with ApiClient(server.url) as found:
        yield found
    await server.stop()


def waiting(name: str = "morning") -> Waiting:
    return Waiting(1, Destination("o1"), "k1", Digested(name, NOW), 0, NOW)


def configured(**more: Any) -> Config:
    routing = Routing(digests=(digest(zone="UTC", **more),))
    return make_config().model_copy(update={"routing": routing})


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            ["The last 1d, to 2026-11-23 12:00 UTC", "Net sentiment: ", "Share of voice: ", "Alerts: 1", "84 posts"],
        ),
        ("es", ["Resumen de 1d", "Sentimiento neto: ", "Cuota de voz: ", "Alertas: 1", "84 publicaciones"]),
    ],
)
async def test_what_it_says_in_both_languages(client: ApiClient, lang: str, said: list[str]) -> None:
    message = await Digesting(configured(lang=lang, brands=["fairphone"]), client)(waiting())
    assert isinstance(message, Message)
    pulse = await client.get("/api/brands/fairphone/pulse", window="1d", to=NOW.isoformat())
    text = "\n".join([message.document.title, *message.document.parts[0].lines])
    for words in said:
        assert words in text
    assert f"{pulse['posts']} p" in text
    assert f"{pulse['authors']} au" in text
    assert (message.key, message.lang, message.alerts) == ("k1", lang, ())


async def test_a_brand_of_whom_nobody_spoke(client: ApiClient) -> None:
    message = await Digesting(configured(), client)(waiting())
    assert isinstance(message, Message)
    lines = {part.title: part.lines for part in message.document.parts}
    assert len(lines) == len(make_config().brands)
    assert ("Nobody has spoken.", "No alerts.") in lines.values()


async def test_without_the_api_it_waits_and_without_its_configuration_it_is_refused() -> None:
    async with ApiClient("http://127.0.0.1:9") as nowhere:
        assert isinstance(await Digesting(configured(), nowhere)(waiting()), RetryLater)
        assert isinstance(await Digesting(configured(), nowhere)(waiting("gone")), Refused)
