"""`threshold`: the near end of the interval decides, `for` and `hold` are looked up in the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from scipy import stats

from streams.records import Entry
from streams.views.frame import Window
from streams.views.intervals import Z
from streams.views.sentiment import sentiment
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk, entry, steady

HOUR = timedelta(hours=1)


def voices(negative: int, positive: int, at: datetime = NOW) -> list[Entry]:
    """Each post is somebody else's."""
    signs = ["negative"] * negative + ["positive"] * positive
    return [entry(f"v{n}-{at}", at - MINUTE * (n % 50 + 1), sentiment=sign) for n, sign in enumerate(signs)]


async def test_a_count_is_certain_and_fires_at_once() -> None:
    asking = Asking(rule("threshold", number="posts", above=59.5), MemoryDesk(steady(NOW - 2 * HOUR, NOW)))
    verdict = await asking.one()
    assert verdict is not None
    assert (verdict.fires, verdict.value, verdict.baseline, verdict.p_value) == (True, 60, 59.5, None)
    assert not verdict.by_chance


async def test_what_is_uncertain_does_not_fire_though_its_estimate_is_beyond() -> None:
    """Net -0.2 of 20 people may well be 0; of 500 it may not."""
    asking = Asking(rule("threshold", number="sentiment", below=0.0), MemoryDesk(voices(12, 8)))
    few = await asking.one()
    assert few is not None
    assert few.value == pytest.approx(-0.2)
    assert not few.fires
    assert few.stays, "to go on, the estimate is enough"
    asking.desk = MemoryDesk(voices(300, 200))
    many = await asking.one()
    assert many is not None
    assert many.value == pytest.approx(-0.2)
    assert many.fires


async def test_the_p_value_is_that_of_the_interval_s_near_end() -> None:
    desk = MemoryDesk(voices(300, 200))
    asking = Asking(rule("threshold", number="sentiment", below=0.0), desk)
    verdict = await asking.one()
    rows = desk.frame("acme").rows(Window.last(HOUR, NOW))
    answer = sentiment(rows, asking.question(NOW, (), NOW).sight.asked)
    assert verdict is not None and answer.interval is not None and answer.net is not None
    spread = (answer.interval[1] - answer.net) / Z
    assert verdict.p_value == pytest.approx(stats.norm.sf(-answer.net / spread), rel=1e-6)
    assert (verdict.details["low"], verdict.details["high"]) == answer.interval


async def test_too_little_behind_it_is_not_judged() -> None:
    desk = MemoryDesk(steady(NOW - 9 * MINUTE, NOW))
    assert await Asking(rule("threshold", number="posts", below=20), desk).one() is None
    assert await Asking(rule("threshold", number="posts", below=20, min_posts=9), desk).one() is not None
    alone = MemoryDesk([entry(f"a{n}", NOW - MINUTE * (n + 1), by="one") for n in range(30)])
    assert await Asking(rule("threshold", number="posts", above=20), alone).one() is None
    assert await Asking(rule("threshold", number="posts", above=20, min_authors=1), alone).one() is not None


async def test_for_has_to_hold_at_every_moment_back() -> None:
    """Two posts a minute for 40 minutes, one before: more than 80 in an hour since 20 minutes ago."""
    desk = MemoryDesk([*steady(NOW - 3 * HOUR, NOW), *steady(NOW - 40 * MINUTE, NOW, MINUTE / 2)])
    asking = Asking(rule("threshold", number="posts", above=80, for_="10m"), desk)
    begins = await _first(asking)
    first = await _first(Asking(rule("threshold", number="posts", above=80), desk))
    assert begins - first == 10


async def _first(asking: Asking) -> int:
    """The first minute of the last forty at which it fires."""
    for number in range(40):
        found = await asking.one(NOW - (40 - number) * MINUTE)
        if found is not None and found.fires:
            return number
    raise AssertionError("it never fires")


async def test_margin_and_hold_keep_it_going() -> None:
    asking = Asking(rule("threshold", number="posts", above=50, margin=20, hold="5m"), MemoryDesk())
    began = asking.firing(NOW - HOUR)
    asking.desk = MemoryDesk(steady(NOW - 3 * HOUR, NOW, MINUTE * 1.5))  # 40 in an hour: between 30 and 50
    within = await asking.one(standing=[began])
    assert within is not None and within.stays and not within.fires
    asking.desk = MemoryDesk(steady(NOW - 3 * HOUR, NOW, MINUTE * 3))  # 20
    back = await asking.one(standing=[began])
    assert back is not None and not back.stays
    # 60 an hour until an hour ago, then silence: it falls below 30 half an hour ago
    asking.desk = MemoryDesk(steady(NOW - 3 * HOUR, NOW - 28 * MINUTE))
    lately = await asking.one(standing=[began])
    assert lately is not None and lately.value == 32 and lately.stays
    asking.desk = MemoryDesk(steady(NOW - 3 * HOUR, NOW - 32 * MINUTE))
    held = await asking.one(standing=[began])
    assert held is not None and held.value == 28 and held.stays, "above 30 within the last five minutes"
    asking.desk = MemoryDesk(steady(NOW - 3 * HOUR, NOW - 37 * MINUTE))
    over = await asking.one(standing=[began])
    assert over is not None and not over.stays


async def test_when_nothing_is_said_any_more_it_ends_after_a_window_not_before() -> None:
    asking = Asking(rule("threshold", number="sentiment", below=0.0, hold="5m"), MemoryDesk())
    began = asking.firing(NOW - 5 * HOUR, number="sentiment", value=-0.5)
    asking.desk = MemoryDesk(voices(300, 200, NOW - 90 * MINUTE))
    assert await asking.one(standing=[began]) is None, "nobody can say"
    asking.desk = MemoryDesk(voices(300, 200, NOW - 4 * HOUR))
    over = await asking.one(standing=[began])
    assert over is not None and not over.stays
    assert over.details["untold"] and over.value == -0.5


async def test_a_wait_that_most_still_wait_for_is_longer_than_can_be_told() -> None:
    """Threads that others began two hours ago, 45 in 100 answered by the brand after one hour and a half: the median is
    not reached, but surely more than one hour."""
    roots = [entry(f"q{n}", NOW - 2 * HOUR + n * MINUTE / 4) for n in range(100)]
    answers = [
        entry(f"a{n}", NOW - HOUR / 2 + n * MINUTE / 4, by="acme", thread=f"demo:q{n}", reply_to=f"demo:q{n}")
        for n in range(45)
    ]
    desk = MemoryDesk([*roots, *answers], own=("demo:acme",))
    asking = Asking(rule("threshold", number="first_response.by_brand", above=3_600, window="3h"), desk)
    verdict = await asking.one()
    assert verdict is not None
    assert verdict.fires
    assert verdict.details["unreached"]
    assert verdict.value > 3_600
