"""`circle-split`: a part of a circle that now talks by itself.

The circles of now are compared with those of a window ago. Where the members of one of then are in two of now, and at
least half of each of the two come from it, it has split, if the talk says so as well: of the ties made within the
window between people of the two parts, surely less go from one to the other (Wilson) than `crossing` times as many as
would by chance: 2 a b / (a + b)² of them, a and b the ends of ties in either part. The part that kept the circle's name
(`streams/graph/names.py`), else the larger one, is the one that stayed. An alert is about the circle of then, whose
name is the steadier one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from config.alert_rules import CircleSplit
from streams.alerting.lasting import moments
from streams.alerting.question import SUBJECT, Concerns, Question, Verdict
from streams.graph.circles import find
from streams.graph.material import gather
from streams.graph.names import LEAST, name_circles
from streams.views.columns import Bools, Ints, lookup, microseconds
from streams.views.intervals import wilson
from streams.views.rows import Rows
from streams.views.window import Window

HALF: Final = 0.5


class Cast(NamedTuple):
    """Who is in which circle at a moment: sorted hashes, the number of each one's circle, and the circles' names."""

    accounts: Ints
    circle: Ints
    names: list[str]

    def members(self, number: int) -> Ints:
        """Sorted hashes."""
        found: Ints = self.accounts[self.circle == number]
        return found

    def sizes(self) -> Ints:
        """Of each circle."""
        return np.bincount(self.circle, minlength=len(self.names))


class Split(NamedTuple):
    """Some have left the circle `old` and are now `new`: members of both parts, ties of the window that go from one to
    the other, and all within both; what share of them would cross by chance."""

    old: str
    new: str
    left: Ints
    stayed: Ints
    crossing: int
    ties: int
    expected: float


async def judge(question: Question[CircleSplit]) -> list[Verdict] | None:
    """A verdict for each circle that split. None: too short a past."""
    rule, found = question.rule, dict[str, Verdict]()
    for end in moments(question.at, rule.hold, question.pace):
        if end - rule.window < question.since:
            return list(found.values()) if found else None
        now, old = await _cast(question, end), await _cast(question, end - rule.window)
        window = question.sight.rows(Window.last(rule.window, end))
        for split in await asyncio.to_thread(splits, now, old, window, rule.min_authors):
            verdict = _verdict(rule, split, end)
            if verdict is not None and split.old not in found:
                found[split.old] = verdict if end == question.at else replace(verdict, fires=False)
        if end == question.at and not any(alert.state == "firing" for alert in question.standing):
            break
    return list(found.values())


async def _cast(question: Question[CircleSplit], moment: datetime) -> Cast:
    """Everybody's circle at a moment. It is worked out once, unless posts from before that have come or gone."""
    sight = question.sight
    past = Window(moment - sight.config.ledger.retention, moment)

    def make(_: Rows) -> Cast:
        # A window of no length: who is in which circle hangs on the ties, not on what was said lately.
        material = gather(sight.snapshot, sight.config, sight.brand.name, Window(moment, moment), moment)
        made = find(material.head, material.talk)
        half_life = material.head.half_life
        names = name_circles(made.pairs, microseconds(moment), half_life, made.ties, made.label)
        return Cast(made.ties.accounts, made.label, names)

    (found,) = await sight.made("circles", [past], make)
    return found


def splits(now: Cast, old: Cast, rows: Rows, fewest: int) -> list[Split]:
    """The circles that split, by name. `rows`: of the window between; `fewest` members of either part."""
    found = []
    for number in np.flatnonzero(old.sizes() >= max(2 * fewest, LEAST)):
        split = _split(now, old, int(number), rows, fewest)
        if split is not None:
            found.append(split)
    return sorted(found, key=lambda split: split.old)


def _split(now: Cast, old: Cast, number: int, rows: Rows, fewest: int) -> Split | None:
    were, name = old.members(number), old.names[number]
    at, known = lookup(were, now.accounts)
    here = np.bincount(now.circle[at[known]], minlength=len(now.names))
    parts = np.flatnonzero((here >= fewest) & (here >= HALF * now.sizes()))
    if len(parts) < 2 or not name:
        return None
    stays, leaves = sorted(parts.tolist(), key=lambda part: (now.names[part] != name, -int(here[part]), part))[:2]
    if now.names[leaves] in old.names:
        return None  # it was there before, beside this one
    left, stayed = (np.intersect1d(now.members(part), were) for part in (leaves, stays))
    return Split(name, now.names[leaves], left, stayed, *_ties(rows, left, stayed))


def _ties(rows: Rows, left: Ints, stayed: Ints) -> tuple[int, int, float]:
    """(ties from one part to the other, all ties within both, the share that would cross by chance); each pair once."""
    _, source, target = rows.interactions
    sides = [np.where(lookup(ends, left)[1], 1, np.where(lookup(ends, stayed)[1], 2, 0)) for ends in (source, target)]
    inside = (sides[0] > 0) & (sides[1] > 0)
    low, high = np.minimum(source, target)[inside], np.maximum(source, target)[inside]
    pairs, first = np.unique(np.column_stack((low, high)), axis=0, return_index=True)
    one, other = sides[0][inside][first], sides[1][inside][first]
    ends = int((one == 1).sum() + (other == 1).sum()), int((one == 2).sum() + (other == 2).sum())
    expected = 2 * ends[0] * ends[1] / max(1, sum(ends)) ** 2
    return int((one != other).sum()), len(pairs), expected


def _verdict(rule: CircleSplit, split: Split, end: datetime) -> Verdict | None:
    interval = wilson(split.crossing, split.ties)
    if interval is None or split.ties < rule.min_posts or interval[1] >= rule.crossing * split.expected:
        return None
    return Verdict(
        fires=True,
        stays=True,
        number="circles",
        value=split.crossing / split.ties,
        baseline=split.expected,
        end=end,
        subject=split.old,
        details={
            SUBJECT: split.old,
            "unit": "share",
            "direction": "down",
            "new": split.new,
            "left": len(split.left),
            "stayed": len(split.stayed),
            "ties": split.ties,
            "low": interval[0],
            "high": interval[1],
        },
        concerns=_by(split.left),
    )


def _by(members: Ints) -> Concerns:
    """What these people wrote."""

    def these(rows: Rows) -> Bools:
        return lookup(rows.author, members)[1]

    return these
