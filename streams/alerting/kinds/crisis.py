"""`crisis`: negative volume x reach x speed, each in times the usual (docs/numbers.md has the formula).

    V = (n + 1/2) / (m + 1/2)      n negative posts of the window; an ordinary window brings m (`season.py`)
    R = (k + n + 1) / (n + 1) : (K + N + 1) / (N + 1)      k people who carried those posts on (answered, quoted or
                                   reposted) within the window, one for each post; N, K the same of all earlier windows
    S = 2 (n2 + 1/2) / (n + 1)     n2 of the n in the window's later half: 1 as many as earlier, towards 2 growing

    crisis = V x R x S

It fires when three things are so: n is beyond chance (p), a larger share of what is said is negative than in the past
(the interval's near end), and the near end of the interval of V x R x S, by the bootstrap over people, is above the
level. More posts alone, as many of them negative as ever, are a volume spike.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from config.alert_rules import Crisis
from streams.alerting import season, volume
from streams.alerting.clock import length_ms, to_ms
from streams.alerting.lasting import lasting
from streams.alerting.question import GO_ON, Question, Verdict
from streams.alerting.windows import floor
from streams.records import SENTIMENTS
from streams.views.asked import Interval
from streams.views.columns import Bools, Ints, lookup
from streams.views.intervals import effective, percentile_interval, poisson_bootstrap, wilson
from streams.views.rows import Rows
from streams.views.window import Window

NEGATIVE: Final = SENTIMENTS.index("negative")


class Reach(NamedTuple):
    """Of each negative post and somebody who carried it on: who wrote and who carried (hashes), each pair once."""

    posts: int
    carriers: Ints

    @property
    def each(self) -> float:
        """A negative post and those who carried it on: people for each post."""
        return (len(self.carriers) + self.posts + 1) / (self.posts + 1)


async def judge(question: Question[Crisis]) -> list[Verdict] | None:
    """One verdict. None: too short a past."""

    async def look(end: datetime) -> Verdict | None:
        window = Window.last(question.rule.window, end)
        last = floor(window.start, question.rule.window)
        past = Window(max(question.since, last - question.rule.baseline), last)
        (usual,) = await question.sight.made(
            f"crisis {question.rule.window}", [past], lambda rows: (reach(rows, question.rule.window), share(rows))
        )
        return await asyncio.to_thread(_verdict, question, window, *usual)

    found = await lasting(question, look)
    return None if found is None else [found]


def negative(rows: Rows) -> Bools:
    """The negative posts of others than the brand, reposts apart."""
    found: Bools = rows.judged & np.asarray(rows.sentiment == NEGATIVE)
    return found


def share(rows: Rows) -> tuple[int, int]:
    """(negative posts, judged posts)."""
    return int(negative(rows).sum()), int(rows.judged.sum())


def reach(rows: Rows, window: timedelta) -> Reach:
    """Who carried negative posts on in the same window, of those that follow each other from where `rows` begin."""
    wrong = negative(rows)
    order = np.argsort(rows.post[wrong], kind="stable")
    posts, times, authors = (values[wrong][order] for values in (rows.post, rows.time, rows.author))
    length, start = max(1, window // timedelta(microseconds=1)), rows.start
    carried = []
    for name in ("reply_post", "ref_post"):
        at, found = lookup(rows.column(name), posts)
        found &= ~rows.own
        at, by, when = at[found], rows.author[found], rows.time[found]
        together = ((times[at] - start) // length == (when - start) // length) & (authors[at] != by)
        carried.append(np.column_stack((at[together], by[together])))
    pairs = np.unique(np.concatenate(carried), axis=0)
    return Reach(len(posts), pairs[:, 1])


def _verdict(question: Question[Crisis], window: Window, usual: Reach, before: tuple[int, int]) -> Verdict | None:
    rule, rows = question.rule, question.sight.rows(window)
    found = _ordinary(question, window.end)
    if found is None:
        return None
    wrong, now = negative(rows), reach(rows, rule.window)
    authors = rows.author[wrong]
    factors = _factors(rows, wrong, now, found.ordinary.mean, usual)
    score = float(np.prod(factors))
    interval = _interval(rows, wrong, now, found.ordinary.mean, usual, question.sight.asked.settings.bootstrap)
    enough = found.count >= rule.min_posts and len(np.unique(authors)) >= rule.min_authors
    angrier = _angrier(rows, before)
    low = interval[0] if interval else 0.0
    likely = enough and found.p_value < GO_ON
    names = ("volume", "reach", "speed", "usual", "negative", "low", "high")
    figures = (*factors, found.ordinary.mean, found.count, low, interval[1] if interval else score)
    return Verdict(
        fires=likely and angrier and low > rule.above,
        stays=likely and score > 1,
        number="crisis",
        value=score,
        baseline=1.0,
        end=window.end,
        p_value=found.p_value,
        by_chance=True,
        details={"unit": "times", "direction": "up"} | dict(zip(names, map(float, figures), strict=True)),
        concerns=negative,
    )


def _ordinary(question: Question[Crisis], end: datetime) -> season.Verdict | None:
    """The window's negative posts against the season of negative posts."""
    rule = question.rule
    everything = question.sight.rows(Window(end - rule.baseline - 2 * rule.window, end))
    asked = volume.Question(
        now=to_ms(end),
        step=length_ms(question.pace),
        window=length_ms(rule.window),
        baseline=length_ms(rule.baseline),
        hold=0,
        since=to_ms(question.since),
        left_out=question.left_out(rule.window),
    )
    return season.judge(everything.time[negative(everything)] // 1_000, asked)


def _factors(rows: Rows, wrong: Bools, now: Reach, mean: float, usual: Reach) -> tuple[float, float, float]:
    """(volume, reach, speed)."""
    later = int((rows.time[wrong] >= _middle(rows)).sum())
    return (now.posts + 0.5) / (mean + 0.5), now.each / usual.each, 2 * (later + 0.5) / (now.posts + 1)


def _interval(rows: Rows, wrong: Bools, now: Reach, mean: float, usual: Reach, replicates: int) -> Interval | None:
    """Of the product: people drawn Poisson(1) times, with all their negative posts and all they carried on."""
    people = np.union1d(rows.author[wrong], now.carriers)
    late = rows.time[wrong] >= _middle(rows)
    counts = np.column_stack(
        [
            np.bincount(lookup(who, people)[0], minlength=len(people))
            for who in (rows.author[wrong], rows.author[wrong][late], now.carriers)
        ]
    )
    if not len(people):
        return None
    n, later, carriers = poisson_bootstrap(people, counts, replicates)
    each = (carriers + n + 1) / (n + 1)
    scores = (n + 0.5) / (mean + 0.5) * each / usual.each * 2 * (later + 0.5) / (n + 1)
    return percentile_interval(scores, effective(counts[:, 0][counts[:, 0] > 0]))


def _middle(rows: Rows) -> int:
    return (rows.start + rows.end) // 2


def _angrier(rows: Rows, before: tuple[int, int]) -> bool:
    """Whether surely a larger share is negative than in the past; people's posts hang together (Kish 1965)."""
    count, total = share(rows)
    if not count or not before[1]:
        return bool(count)
    independent = effective(np.unique(rows.author[rows.judged], return_counts=True)[1])
    interval = wilson(count / total * independent, independent)
    return interval is not None and interval[0] > before[0] / before[1]
