"""Order, patience, limits and giving up: a courier over a real webhook on loopback, with a clock of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bots.chat.bare import bare
from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater, Tools
from bots.chat.courier import LONGEST_ASKED, Courier, wait_of
from bots.chat.document import Document
from bots.chat.groups import Destination
from bots.chat.limits import Clock
from bots.chat.outbox import Outbox, Told, Waiting
from bots.chat.store import Store
from bots.chat.webhook import Webhook, WebhookOptions
from streams.tasks import Tasks
from tests.bots.chat.destination import NOW, Answer, alert, destination, session
from tests.bots.chat.destination import Destination as Place

TO = Destination("webhook")


class ManualClock:
    """Time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.at, self.slept = NOW, list[float]()

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class Setup:
    """A courier, its destination and its outbox."""

    def __init__(self, place: Place, tools: Tools, path: Path) -> None:
        self.place, self.tools, self.store = place, tools, Store(path)
        self.outbox, self.clock = Outbox(self.store), ManualClock()
        self.given_up: list[tuple[str, str]] = []
        self.said_lost: list[int] = []
        self.unready: list[RetryLater | Refused] = []

    def put(self, *keys: str) -> None:
        with self.store.transaction() as db:
            for key in keys:
                self.outbox.add(db, TO, key, Told((), "en", (bare(alert()),), ()))

    async def bring(self, most: int = 1_000, **options: Any) -> None:
        """What a fresh process does with all that waits."""
        courier = self.courier(**options)
        while most > 0 and (message := self.outbox.first(TO)) is not None:
            await courier.bring(message)
            most -= 1

    def courier(self, outlet: Any = None, to: Destination = TO, **options: Any) -> Courier:
        given = {"url": self.place.url, "first_wait": "1s", "longest_wait": "8s", "tries": 4, "rate": "100/1s"}
        outlet = outlet or Webhook(WebhookOptions.model_validate(given | options), self.tools)
        clock = Clock(self.clock.now, self.clock.sleep)
        return Courier(to, outlet, self.outbox, self._render, self._give_up, clock, Random(1))

    async def _render(self, message: Waiting, lost: int) -> Message | RetryLater | Refused:
        if self.unready:
            return self.unready.pop(0)
        self.said_lost.append(lost)
        return Message(message.key, Document("something"))

    async def _give_up(self, message: Waiting, reason: str) -> None:
        self.given_up.append((message.key, reason))

    @property
    def keys(self) -> list[str]:
        return [seen.headers["Idempotency-Key"] for seen in self.place.seen]


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[Setup]:
    async with destination() as place, session() as http:
        found = Setup(place, Tools(http, lambda: NOW), tmp_path / "store.sqlite3")
        yield found
        found.store.close()


async def test_messages_go_out_in_order_and_once(setup: Setup) -> None:
    setup.put("k1", "k2", "k3")
    await setup.bring()
    await setup.bring()
    assert setup.keys == ["k1", "k2", "k3"]


async def test_a_fault_in_an_outlet_ends_nothing_and_tells_no_secret(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Webhook):
        faults = 2

        async def send(self, message: Message, to: str | None = None) -> Outcome:
            if self.faults:
                self.faults -= 1
                raise ValueError("s3cr3t-t0ken")
            return await super().send(message, to)

    setup.put("k1")
    courier = setup.courier(Faulty(WebhookOptions.model_validate({"url": setup.place.url}), setup.tools))
    while (message := setup.outbox.first(TO)) is not None:
        await courier.bring(message)
    assert setup.keys == ["k1"]
    assert "a fault of ours: ValueError" in caplog.text
    assert "s3cr3t-t0ken" not in caplog.text.replace('raise ValueError("s3cr3t-t0ken")', "")  # the line of the code


async def test_failures_are_tried_again_under_the_same_key_before_the_next_message(setup: Setup) -> None:
    setup.place.answers = [Answer(500), Answer(429, headers={"Retry-After": "7"}), Answer(how="cut")]
    setup.put("k1", "k2")
    await setup.bring()
    assert setup.keys == ["k1"] * 4 + ["k2"]
    assert setup.given_up == []
    first, asked, third = setup.clock.slept[:3]
    assert 0.5 <= first <= 1
    assert 7 <= asked <= 8, "Retry-After is obeyed"
    assert 2 <= third <= 4


async def test_what_was_asked_for_and_tried_is_known_after_a_restart(setup: Setup) -> None:
    setup.place.answers = [Answer(429, headers={"Retry-After": "60"}), *[Answer(500)] * 3]
    setup.put("k1")
    await setup.bring(most=1)
    await setup.bring(most=1)  # by another process
    assert setup.clock.slept[0] >= 60
    await setup.bring()
    assert len(setup.keys) == 4, "tries of all processes together"
    assert [key for key, _ in setup.given_up] == ["k1"]


async def test_after_all_tries_it_is_given_up_and_the_next_one_that_gets_through_says_so(setup: Setup) -> None:
    setup.place.answers = [Answer(503, body="on holiday")] * 8
    setup.put("k1", "k2", "k3", "k4")
    await setup.bring()
    assert setup.keys == ["k1"] * 4 + ["k2"] * 4 + ["k3", "k4"]
    assert [key for key, _ in setup.given_up] == ["k1", "k2"]
    assert all("503" in reason and "on holiday" in reason for _, reason in setup.given_up)
    assert setup.said_lost[-2:] == [2, 0]


async def test_what_is_refused_is_given_up_at_once(setup: Setup) -> None:
    setup.place.answers = [Answer(404)]
    setup.put("k1")
    await setup.bring()
    assert (len(setup.keys), len(setup.given_up)) == (1, 1)


async def test_what_cannot_be_written_yet_waits_and_what_never_can_is_given_up(setup: Setup) -> None:
    setup.unready = [RetryLater("the API is away"), Refused("no such digest")]
    setup.put("k1", "k2")
    await setup.bring(most=1)
    assert setup.keys == []
    await setup.bring()
    assert setup.given_up == [("k1", "no such digest")]
    assert setup.keys == ["k2"]


async def test_no_more_go_out_than_the_rate_allows(setup: Setup) -> None:
    """Told at most 20 a minute, beginning with one: the times of 60 messages lie so."""
    times: list[float] = []

    class Noting:
        options = WebhookOptions.model_validate({"url": "http://127.0.0.1", "rate": "20/1m"})

        async def send(self, message: Message, to: str | None) -> Outcome:
            times.append((setup.clock.at - NOW).total_seconds())
            return Delivered()

    setup.put(*(f"k{number}" for number in range(60)))
    courier = setup.courier(Noting())
    while (message := setup.outbox.first(TO)) is not None:
        await courier.bring(message)
    assert len(times) == 60
    for start in times:
        assert sum(start <= at < start + 60 for at in times) <= 21
    assert times[-1] == pytest.approx(59 * 3, abs=0.1)


async def test_a_pause_that_a_destination_asks_for_with_its_thanks_is_kept(setup: Setup) -> None:
    class Pausing:
        options = WebhookOptions.model_validate({"url": "http://127.0.0.1", "rate": "1000/1s"})

        async def send(self, message: Message, to: str | None) -> Outcome:
            return Delivered(pause=2.5)

    setup.put("k1", "k2")
    courier = setup.courier(Pausing())
    while (message := setup.outbox.first(TO)) is not None:
        await courier.bring(message)
    assert setup.clock.slept == [2.5]


async def test_a_message_for_another_room_goes_there(setup: Setup) -> None:
    rooms: list[str | None] = []

    class Noting:
        options = WebhookOptions.model_validate({"url": "http://127.0.0.1"})

        async def send(self, message: Message, to: str | None) -> Outcome:
            rooms.append(to)
            return Delivered()

    for to in (TO, Destination("webhook", "!room")):
        with setup.store.transaction() as db:
            setup.outbox.add(db, to, "k1", Told((), "en", (bare(alert()),), ()))
        message = setup.outbox.first(to)
        assert message is not None
        await setup.courier(Noting(), to=to).bring(message)
    assert rooms == [None, "!room"]


async def test_a_stop_waits_for_the_attempt_under_way(setup: Setup) -> None:
    setup.place.answers = [Answer(how="slow")]
    setup.put("k1")
    tasks = Tasks()
    tasks.start(setup.courier().run(), "courier")
    await setup.place.wait_for(lambda seen: len(seen) == 1)
    await tasks.stop()
    assert setup.outbox.first(TO) is None


async def test_a_courier_sleeps_until_it_is_woken(setup: Setup) -> None:
    tasks = Tasks()
    courier = setup.courier()
    tasks.start(courier.run(), "courier")
    for number in range(3):
        setup.put(f"k{number}")
        courier.wake()
        await setup.place.wait_for(lambda seen, number=number: len(seen) == number + 1)  # type: ignore[misc]
    await tasks.stop()
    assert setup.keys == ["k0", "k1", "k2"]


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
