"""`circle-split`: one circle of two halves that stop talking with each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest

from streams.alerting.kinds.circle_split import Cast, splits
from streams.records import Entry
from streams.views.columns import identity
from streams.views.frame import Window
from streams.views.intervals import wilson
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.world import NOW, MemoryDesk, entry

DAY = timedelta(days=1)
CROWD = [f"m{n}" for n in range(40)]
FIRST, SECOND = CROWD[:20], CROWD[20:]
OTHERS = [f"x{n}" for n in range(30)]


def talk(people: list[str], start: datetime, end: datetime, count: int, seed: int) -> Iterator[Entry]:
    """So many answers between people drawn at random."""
    random = Random(seed)
    for number in range(count):
        one, other = random.sample(people, 2)
        at, name = start + (end - start) * number / count, f"{seed}-{number}"
        yield entry(name, at, by=one, reply_to=f"demo:gone-{name}", reply_to_author=f"demo:{other}")


def world(split: bool) -> MemoryDesk:
    """Ten weeks; in the last four the crowd's halves keep to themselves, or they do not."""
    turn = NOW - 28 * DAY
    entries = [*talk(OTHERS, NOW - 70 * DAY, NOW, 1_000, 1), *talk(CROWD, NOW - 70 * DAY, turn, 800, 2)]
    if split:
        entries += [*talk(FIRST, turn, NOW, 900, 3), *talk(SECOND, turn, NOW, 900, 4)]
    else:
        entries += talk(CROWD, turn, NOW, 1_800, 5)
    return MemoryDesk(entries)


async def test_halves_that_stop_talking_with_each_other_are_found() -> None:
    asking = Asking(rule("circle-split", window="28d"), world(split=True))
    found = await asking.all()
    assert found
    (verdict,) = found
    assert verdict.subject == verdict.details["subject"]
    assert verdict.subject != verdict.details["new"]
    assert verdict.details["left"] == verdict.details["stayed"] == 20
    assert verdict.value < 0.03, "a look a day: some of the ties are from before"
    assert verdict.baseline == pytest.approx(0.5, abs=0.02), "two halves that talk as much"


async def test_a_circle_that_goes_on_as_ever_does_not_split() -> None:
    assert await Asking(rule("circle-split", window="28d"), world(split=False)).all() == []


async def test_talk_without_circles_does_not_split_though_louvain_draws_borders() -> None:
    """Three hundred people who answer whoever spoke lately: communities come and go, and by chance few ties cross."""
    random, entries = Random(5), list[Entry]()
    for number in range(12_000):
        one, at = int(random.paretovariate(0.8)) % 300, NOW - 60 * DAY * (1 - number / 12_000)
        other = random.choice(entries[-50:]) if entries else entry("first", at, by="p0")
        author = other.post.author.id if other.post.author else ""
        entries.append(entry(f"n{number}", at, by=f"p{one}", reply_to=other.post.id, reply_to_author=author))
    desk = MemoryDesk(entries)
    for back in range(0, 14, 2):
        assert await Asking(rule("circle-split"), desk).all(NOW - back * DAY) == []


async def test_too_short_a_past_is_not_judged() -> None:
    asking = Asking(rule("circle-split", window="28d"), world(split=True))
    assert await asking.all(since=NOW - 20 * DAY) is None


def cast(**circles: list[str]) -> Cast:
    """Circles by their names."""
    people = sorted((identity(f"demo:{one}"), number) for number, who in enumerate(circles.values()) for one in who)
    accounts, numbers = (np.array(each, dtype=np.int64) for each in zip(*people, strict=True))
    return Cast(accounts, numbers, list(circles))


def test_ties_that_cross_are_counted_as_pairs() -> None:
    before, now = cast(old=CROWD, other=OTHERS), cast(old=FIRST, new=SECOND, other=OTHERS)
    entries = [
        *talk(FIRST, NOW - DAY, NOW, 60, 1),
        *talk(SECOND, NOW - DAY, NOW, 60, 2),
        *talk(CROWD, NOW - DAY, NOW, 9, 3),
    ]
    rows = MemoryDesk(entries).frame("acme").rows(Window(NOW - DAY, NOW))
    pairs = {
        frozenset((each.post.author.id, each.post.reply_to_author)) for each in entries if each.post.author is not None
    }
    crossing = {pair for pair in pairs if len(pair & {f"demo:{one}" for one in FIRST}) == 1}
    (found,) = splits(now, before, rows, 10)
    assert (found.new, found.old, found.ties, found.crossing) == ("new", "old", len(pairs), len(crossing))
    assert wilson(found.crossing, found.ties) is not None


def test_what_is_no_split() -> None:
    rows = MemoryDesk(talk(CROWD, NOW - DAY, NOW, 60, 1)).frame("acme").rows()
    renamed = splits(cast(new=CROWD), cast(old=CROWD), rows, 10)
    merged = splits(cast(new=[*FIRST, *OTHERS], old=SECOND), cast(old=CROWD, other=OTHERS), rows, 10)
    strangers = splits(cast(old=CROWD, new=OTHERS), cast(old=CROWD), rows, 10)
    small = splits(cast(old=CROWD[5:], new=CROWD[:5]), cast(old=CROWD), rows, 10)
    assert (renamed, merged, strangers, small) == ([], [], [], [])
