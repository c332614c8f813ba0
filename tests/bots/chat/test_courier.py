"""Order, patience and giving up: a courier over a real webhook on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from bots.chat.base import Tools
from bots.chat.courier import LONGEST_ASKED, Courier, wait_of
from bots.chat.told import Told
from bots.chat.webhook import Webhook, WebhookOptions
from streams.records import Alert, encode
from streams.tasks import Tasks
from tests.bots.chat.destination import NOW, Answer, Destination, alert, destination, session

HOUR = timedelta(hours=1)
BEFORE = NOW - HOUR


class Setup:
    """A courier, its destination and its memory."""

    def __init__(self, place: Destination, tools: Tools, path: Path) -> None:
        self.place, self.tools, self.told = place, tools, Told(path)
        self.newest: dict[str, Alert] = {}
        self.given_up: list[tuple[Alert, str]] = []

    async def bring(self, *alerts: Alert, **options: Any) -> None:
        """What a fresh process does with these records."""
        given = {"url": self.place.url, "first_wait": "1ms", "longest_wait": "2ms", "tries": 4} | options
        outlet = Webhook(WebhookOptions.model_validate(given), self.tools)
        display = {"acme": "Acme"}.get
        courier = Courier(
            "webhook", outlet, self.told, self.newest.get, lambda b: display(b, b), self._give_up, NOW, Random(1)
        )
        await courier.handle(records(alerts))

    async def _give_up(self, given: Alert, reason: str) -> None:
        self.given_up.append((given, reason))

    @property
    def told_keys(self) -> list[str]:
        return [seen.headers["Idempotency-Key"] for seen in self.place.seen]


def records(alerts: Sequence[Alert]) -> list[ConsumerRecord]:
    """As Kafka brings them."""
    return [record(encode(each), number) for number, each in enumerate(alerts)]


def record(value: bytes | None, offset: int = 0) -> ConsumerRecord:
    return ConsumerRecord("alerts", 0, offset, 0, 0, b"f00d", value, None, 0, 0, ())


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[Setup]:
    async with destination() as place, session() as http:
        found = Setup(place, Tools(http, lambda: NOW), tmp_path / "told.sqlite3")
        yield found
        found.told.close()


async def test_events_go_out_in_order_and_once(setup: Setup) -> None:
    events = [alert(), alert("beef"), alert(state="resolved", at=NOW + HOUR), alert(started=NOW + 2 * HOUR)]
    await setup.bring(*events)
    await setup.bring(*events, *events)
    assert len(setup.told_keys) == 4
    assert [key.split("-")[:2] for key in setup.told_keys] == [
        ["f00d", "firing"],
        ["beef", "firing"],
        ["f00d", "resolved"],
        ["f00d", "firing"],
    ]


async def test_an_alert_said_again_with_other_quotes_is_no_news(setup: Setup) -> None:
    await setup.bring(alert())
    await setup.bring(msgspec.structs.replace(alert(), evidence=()))
    assert len(setup.told_keys) == 1


async def test_at_the_first_start_only_what_still_goes_on_is_told(setup: Setup) -> None:
    over, goes_on = alert("over", started=BEFORE), alert("goes-on", started=BEFORE)
    earlier = alert("goes-on", started=BEFORE - HOUR)
    ended = alert("over", "resolved", started=BEFORE, at=BEFORE + timedelta(minutes=9))
    setup.newest = {"over": ended, "goes-on": goes_on}
    await setup.bring(over, earlier, goes_on, ended)
    assert [key.split("-firing")[0] for key in setup.told_keys] == ["goes-on"]


async def test_failures_are_tried_again_before_the_next_event(setup: Setup) -> None:
    setup.place.answers = [Answer(500), Answer(429, headers={"Retry-After": "0"}), Answer(how="cut")]
    await setup.bring(alert("first"), alert("second"))
    assert [key.split("-")[0] for key in setup.told_keys] == ["first"] * 4 + ["second"]
    assert setup.given_up == []


async def test_after_all_tries_it_is_given_up_with_the_reason_and_the_next_one_goes_on(setup: Setup) -> None:
    setup.place.answers = [Answer(503, body="on holiday")] * 4
    await setup.bring(alert("first"), alert("second"))
    ((given, reason),) = setup.given_up
    assert given.fingerprint == "first"
    assert "503" in reason
    assert "on holiday" in reason
    await setup.bring(alert("first"))
    assert [key.split("-")[0] for key in setup.told_keys] == ["first"] * 4 + ["second"], "not tried for ever"


async def test_what_is_refused_is_given_up_at_once(setup: Setup) -> None:
    setup.place.answers = [Answer(404)]
    await setup.bring(alert())
    assert len(setup.told_keys) == 1
    assert len(setup.given_up) == 1


async def test_a_quote_deleted_while_waiting_is_not_sent(setup: Setup) -> None:
    setup.newest = {"f00d": msgspec.structs.replace(alert(), evidence=())}
    await setup.bring(alert(text="deleted words"))
    assert b"deleted words" not in setup.place.seen[0].body


async def test_a_stop_waits_for_the_attempt_under_way(setup: Setup) -> None:
    setup.place.answers = [Answer(how="slow")]
    tasks = Tasks()
    tasks.start(setup.bring(alert()), "courier")
    await setup.place.wait_for(lambda seen: len(seen) == 1)
    await tasks.stop()
    assert not setup.told.is_news("webhook", alert())


async def test_a_record_that_is_no_alert_stops_nothing(setup: Setup) -> None:
    outlet = Webhook(WebhookOptions.model_validate({"url": setup.place.url}), setup.tools)
    courier = Courier("webhook", outlet, setup.told, setup.newest.get, str, setup._give_up, NOW, Random(1))
    await courier.handle([record(b"\xff{"), record(b'{"fingerprint": 7}'), record(None), *records([alert()])])
    assert len(setup.told_keys) == 1


def options(first: str = "1s", longest: str = "5m") -> WebhookOptions:
    given = {"url": "http://127.0.0.1", "first_wait": first, "longest_wait": longest}
    return WebhookOptions.model_validate(given)


def test_what_is_asked_for_is_never_undercut_but_bounded() -> None:
    waits = [wait_of(options(), 7.0, number, Random(number)) for number in range(100)]
    assert min(waits) >= 7
    assert max(waits) <= 8
    assert wait_of(options(), float("inf"), 0, Random(1)) <= LONGEST_ASKED.total_seconds() + 1


def test_waits_double_with_jitter_up_to_the_longest() -> None:
    for number in range(200):
        wait = wait_of(options(), None, number, Random(number))
        most = min(300, 2**number)
        assert most / 2 <= wait <= most
    assert len({wait_of(options(), None, 3, Random(seed)) for seed in range(20)}) == 20
