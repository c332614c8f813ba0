"""`crisis`: negative volume x reach x speed, each factor by hand, and what is no crisis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest

from streams.alerting.kinds.crisis import negative, reach, share
from streams.records import Entry
from streams.views.frame import Window
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk, entry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = NOW - 29 * DAY


def flow(start: datetime, end: datetime, every: timedelta, negative: float, seed: int = 1) -> Iterator[Entry]:
    """Posts of many people, a share of them negative; every second negative one is reposted within a minute."""
    random = Random(seed)
    for number in range((end - start) // every):
        at, bad = start + number * every, random.random() < negative
        name = f"{seed}-{number}"
        yield entry(name, at, by=f"p{random.randrange(3_000)}", sentiment="negative" if bad else "neutral")
        if bad and number % 2:
            yield entry(
                f"r{name}", at + MINUTE / 2, text="", by=f"q{random.randrange(3_000)}", repost_of=f"demo:{name}"
            )


QUIET = list(flow(MONTH, NOW, 6 * MINUTE, 0.2))


def outcry(count: int, carriers: int, end: datetime = NOW, by: str = "angry") -> Iterator[Entry]:
    """So many negative posts, more and more of them, within the hour; each is reposted by so many people."""
    for number in range(count):
        at = end - HOUR * (1 - (number + 1) / (count + 1)) ** 2
        yield entry(f"{by}-{number}", at, by=f"{by}{number}", sentiment="negative")
        for carrier in range(carriers):
            name = f"{by}-{number}-{carrier}"
            yield entry(name, at, text="", by=f"c{number}-{carrier}", repost_of=f"demo:{by}-{number}")


async def test_an_outcry_fires_and_its_factors_are_those_of_the_formula() -> None:
    desk = MemoryDesk([*QUIET, *outcry(40, 3)])
    verdict = await Asking(rule("crisis"), desk).one()
    assert verdict is not None and verdict.fires and verdict.by_chance
    rows = desk.frame("acme").rows(Window(NOW - HOUR, NOW))
    n = int(negative(rows).sum())
    half = np.datetime64(NOW.replace(tzinfo=None) - HOUR / 2, "us").astype(np.int64)
    later = int((rows.time[negative(rows)] >= half).sum())
    past = [each for each in QUIET if each.sentiment == "negative" and (each.post.created_at or NOW) >= MONTH + DAY]
    carried = {each.post.repost_of for each in QUIET if each.post.repost_of}
    usual = (sum(each.post.id in carried for each in past) + len(past)) / len(past)
    reached = 120 + sum(1 for each in QUIET if each.post.repost_of and (each.post.created_at or NOW) > NOW - HOUR)
    assert verdict.details["negative"] == n
    assert verdict.details["volume"] == pytest.approx((n + 0.5) / (float(verdict.details["usual"]) + 0.5))
    assert verdict.details["usual"] == pytest.approx(2, rel=0.25)
    assert verdict.details["reach"] == pytest.approx(((reached + n + 1) / (n + 1)) / usual, rel=0.02)
    assert verdict.details["speed"] == pytest.approx(2 * (later + 0.5) / (n + 1))
    product = np.prod([float(verdict.details[name]) for name in ("volume", "reach", "speed")])
    assert verdict.value == pytest.approx(product)
    assert 5 < float(verdict.details["low"]) < verdict.value < float(verdict.details["high"])


async def test_many_more_posts_of_which_as_many_are_negative_as_ever_are_no_crisis() -> None:
    crowd = [each for each in flow(NOW - HOUR, NOW, MINUTE / 5, 0.2, 7) if not each.post.repost_of]
    verdict = await Asking(rule("crisis"), MemoryDesk([*QUIET, *crowd])).one()
    assert verdict is not None and not verdict.fires
    assert verdict.p_value is not None and verdict.p_value < 1e-4, "though there are many more negative posts"


async def test_one_angry_person_is_no_crisis() -> None:
    alone = [entry(f"a{n}", NOW - MINUTE * (n + 1), by="one", sentiment="negative") for n in range(40)]
    verdict = await Asking(rule("crisis"), MemoryDesk([*QUIET, *alone])).one()
    assert verdict is not None and not verdict.fires
    assert verdict.value > 5, "the estimate alone would have fired"


async def test_a_crisis_goes_on_until_it_has_been_over_for_hold() -> None:
    desk = MemoryDesk([*QUIET, *flow(NOW, NOW + 4 * HOUR, 6 * MINUTE, 0.2, 9), *outcry(40, 3)])
    asking = Asking(rule("crisis"), desk)
    began = asking.firing(NOW)
    during = await asking.one(NOW + 30 * MINUTE, standing=[began])
    assert during is not None and during.stays
    after = await asking.one(NOW + 2 * HOUR, standing=[began])
    assert after is not None and not after.stays


def test_reach_counts_people_of_each_post_once_and_within_the_same_window() -> None:
    frame = MemoryDesk(
        [
            entry("bad", NOW - 50 * MINUTE, by="x", sentiment="negative"),
            entry("good", NOW - 50 * MINUTE, by="y", sentiment="positive"),
            entry("r1", NOW - 40 * MINUTE, by="a", text="", repost_of="demo:bad"),
            entry("r2", NOW - 39 * MINUTE, by="a", reply_to="demo:bad"),
            entry("r3", NOW - 38 * MINUTE, by="b", quote_of="demo:bad"),
            entry("r4", NOW - 37 * MINUTE, by="x", reply_to="demo:bad"),
            entry("r5", NOW - 36 * MINUTE, by="c", reply_to="demo:good"),
            entry("late", NOW + 5 * MINUTE, by="d", reply_to="demo:bad"),
        ]
    ).frame("acme")
    found = reach(frame.rows(Window(NOW - HOUR, NOW + HOUR)), HOUR)
    assert (found.posts, len(found.carriers)) == (1, 2)
    assert found.each == (2 + 1 + 1) / (1 + 1)
    assert share(frame.rows()) == (1, 2)
    assert reach(frame.rows(Window(NOW + HOUR, NOW + DAY)), HOUR).each == 1.0
