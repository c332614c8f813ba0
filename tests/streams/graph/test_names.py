"""A circle keeps its name from day to day, and the name never depends on who asked before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest

from streams.graph.louvain import circles_of
from streams.graph.names import EPOCH, STEPS, moments, name_circles
from streams.graph.ties import Pairs, bounded, talk_of
from streams.records import Entry
from streams.views.columns import identity, microseconds, moment
from tests.streams.graph.talk import HALF_LIFE, NOW, frame_of, planted, said

DAY = timedelta(days=1)
CIRCLES, MEMBERS = 5, 16


def names_at(entries: Sequence[Entry], to: datetime) -> dict[int, str]:
    """Planted circle -> the name that most of its members' circles bear."""
    pairs = Pairs(talk_of(frame_of(entries).snapshot(), to, HALF_LIFE * 40), HALF_LIFE)
    ties, _ = bounded(pairs.at(to), 100_000, 1_000_000)
    label = circles_of(ties)
    names = name_circles(pairs, microseconds(to), HALF_LIFE, ties, label)
    circle_of = {identity(f"x:c{c}m{m}"): c for c in range(CIRCLES) for m in range(MEMBERS)}
    votes: dict[int, Counter[str]] = {circle: Counter() for circle in range(CIRCLES)}
    for account, number in zip(ties.accounts.tolist(), label.tolist(), strict=True):
        votes[circle_of[account]][names[number]] += 1
    return {circle: count.most_common(1)[0][0] for circle, count in votes.items() if count}


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Four months in which nobody is stronger than others for long: the hardest case for a name."""
    return planted(Random(1), CIRCLES, MEMBERS, 2_400, 0.15, days=120)


def epoch_of(to: datetime) -> int:
    step = HALF_LIFE // timedelta(microseconds=STEPS)
    return microseconds(to) // step // EPOCH


def test_names_stay_from_day_to_day(entries: list[Entry]) -> None:
    """Within one epoch all of them do."""
    days = [NOW - number * DAY for number in range(21, -1, -3)]
    found = [(epoch_of(day), names_at(entries, day)) for day in days]
    assert len({epoch for epoch, _ in found}) <= 2
    for epoch in {epoch for epoch, _ in found}:
        assert len({tuple(sorted(names.items())) for each, names in found if each == epoch}) == 1
    assert all(len(set(names.values())) == CIRCLES for _, names in found), "each has its own"


def test_names_depend_on_the_entries_alone(entries: list[Entry]) -> None:
    """Not on the order in which they came, and not on what was asked before: there is nothing to remember."""
    shuffled = Random(4).sample(entries, len(entries))
    assert names_at(shuffled, NOW) == names_at(entries, NOW) == names_at(entries, NOW)


def test_what_comes_after_changes_no_earlier_name(entries: list[Entry]) -> None:
    to = NOW - 10 * DAY
    earlier = [entry for entry in entries if entry.post.created_at and entry.post.created_at < to]
    assert names_at(earlier, to) == names_at(entries, to)


def test_a_circle_that_takes_members_in_keeps_its_name(entries: list[Entry]) -> None:
    """A third more people, from one day on; they all talk with one circle."""
    before = names_at(entries, NOW)
    joined = [
        said(10_000 + n, f"c0m{n % 5}", f"c0m{n % MEMBERS}", timedelta(hours=n % 20, milliseconds=n)) for n in range(40)
    ]
    assert names_at([*entries, *joined], NOW)[0] == before[0]


def test_a_new_circle_has_a_name_of_its_own(entries: list[Entry]) -> None:
    without = [entry for entry in entries if entry.post.author and not entry.post.author.id.startswith("x:c4")]
    without = [entry for entry in without if not (entry.post.reply_to_author or "").startswith("x:c4")]
    newly = [
        said(20_000 + n, f"c4m{n % 7}", f"c4m{(n + 1 + n % 5) % 7}", timedelta(hours=2, milliseconds=n))
        for n in range(60)
    ]
    before, after = names_at(without, NOW), names_at([*without, *newly], NOW)
    assert after.pop(4) not in before.values()
    assert after == before


def test_steps_are_at_fixed_moments() -> None:
    """The same ones whenever it is asked, from the epoch before, and none after `to`."""
    to = microseconds(NOW)
    steps = list(moments(to, HALF_LIFE))
    assert EPOCH < len(steps) <= 2 * EPOCH
    assert steps[-1] <= to < steps[-1] + (steps[1] - steps[0])
    assert set(moments(to + 1, HALF_LIFE)) - set(steps) in (set(), {to + 1})
    assert all(moment(step).timestamp() % (7 * 86_400) == 0 for step in steps)


def test_nobody_talks() -> None:
    pairs = Pairs(talk_of(frame_of([said(1, "a")]).snapshot(), NOW, HALF_LIFE), HALF_LIFE)
    assert name_circles(pairs, microseconds(NOW), HALF_LIFE, pairs.at(NOW), np.zeros(0, dtype=np.int64)) == []
