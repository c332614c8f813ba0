"""Is a brand's volume far from what this hour of the week usually brings? A pure function of the times of its posts.

A window's count is judged by a negative binomial, that is Poisson with a rate that varies by a gamma law (Greenwood &
Yule 1920). Its mean m follows the hour of the week and the level of the last days, as far as the past shows them
(`streams/alerting/rhythm.py`); between the middles of two hours it goes straight. The distribution is *predictive*: it
carries how far windows lie from such means (k), that k is only estimated (one standard error is added), and how
uncertain the mean is (`doubt`):

    variance = m + m² / size        1 / size = k + its standard error + doubt

How often windows as unlikely as that came in the past then says what such a p-value is worth (`extremes.py`).

What is learnt depends on whole hours only, so all looks within an hour see the same season: it is kept for as long as
the very same posts teach it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal

import msgspec
import numpy as np
import xxhash

from streams.alerting import rhythm
from streams.alerting.extremes import Tail
from streams.alerting.hour_of_week import HOUR, over_windows
from streams.alerting.nbinom import head, middle, tail
from streams.alerting.ordinary_windows import past_windows, surprises
from streams.alerting.rhythm import HOURS, Bools, Floats
from streams.alerting.volume import MIN_WINDOWS, Question, Times, count

LONGEST: Final = 8 * 7 * 24
"""Hours of history that are used at most: older ones weigh little, and would cost time."""
KEPT: Final = 1_000
"""Seasons kept: a few kilobytes for each brand and rule."""
SMOOTH: Final = 1e-5
"""The least 1 / size: the negative binomial is hardly more than a Poisson then, and still quickly computed."""

Side = Literal["more", "fewer"]
"""Of what there is too much or too little: a spike or a drop."""
LAWS: Final[dict[Side, Callable[[int, float, float], float]]] = {"more": tail, "fewer": head}


class Ordinary(msgspec.Struct, frozen=True):
    """What an ordinary window brings at this time: predictive mean and size, learnt from `weeks` of history.

    `far` says how often the past was really so far from it, on that `side`.
    """

    mean: float
    size: float
    weeks: float
    side: Side
    far: Tail

    def p_value(self, count: int) -> float:
        """How likely an ordinary window brings so many posts or more; or so few or fewer."""
        return self.far.p_value(LAWS[self.side](count, self.mean, self.size))

    def interval(self) -> tuple[float, float]:
        """What 95 % of ordinary windows bring."""
        return middle(self.mean, self.size)


class Verdict(msgspec.Struct, frozen=True):
    """The least likely window that ended within the last `hold`: its count, end (ms), and how likely it is."""

    count: int
    end: int
    ordinary: Ordinary
    p_value: float


class Season(msgspec.Struct, frozen=True):
    """What was learnt for windows of one length (ms) and one side; see the module."""

    usual: Floats  # posts of each hour of the week (168), at the level of the last days
    doubt: Floats  # their relative variances
    window: int
    dispersion: float
    weeks: float
    side: Side
    far: Tail

    def means(self, ends: Times) -> Floats:
        """Posts expected in the windows with these ends (ms)."""
        return over_windows(self.usual, ends, self.window) * (self.window / HOUR)

    def sizes(self, ends: Times) -> Floats:
        """Of the negative binomials of the same windows."""
        return 1 / np.maximum(SMOOTH, self.dispersion + over_windows(self.doubt, ends, self.window))

    def ordinary(self, end: int) -> Ordinary:
        """Of the window that ends then (ms)."""
        ends = np.array([end], dtype=np.int64)
        return Ordinary(float(self.means(ends)[0]), float(self.sizes(ends)[0]), self.weeks, self.side, self.far)


class Lesson(msgspec.Struct, frozen=True):
    """All that a season is learnt from: the posts of whole hours, from the first to before the last (since 1970)."""

    times: Times
    first: int
    until: int
    window: int
    usable: Bools
    side: Side

    def digest(self) -> bytes:
        """The same for the same lesson only."""
        found = xxhash.xxh3_128(f"{self.first} {self.until} {self.window} {self.side} ".encode())
        found.update(self.usable.tobytes())
        found.update(np.ascontiguousarray(self.times).data)
        return found.digest()


@lru_cache(maxsize=KEPT)
def _kept(_digest: bytes) -> list[Season]:
    """Where a season is kept once it is learnt."""
    return []


def judge(times: Times, question: Question, side: Side = "more") -> Verdict | None:
    """The least likely window against the season. None: too little history to judge, less than `MIN_WINDOWS` windows.

    `times` reach back to `question.now - question.baseline - hold - window`, or further. `baseline` is the longest
    history that may be used; beyond `LONGEST` hours nothing is.
    """
    lesson = lesson_of(times, question, side)
    if lesson is None:
        return None
    kept = _kept(lesson.digest())
    if not kept:
        kept.append(learn(lesson))
    return look(times, question, kept[0])


def look(times: Times, question: Question, season: Season) -> Verdict:
    """The same with a season already learnt: it serves all looks of an hour.

    All windows that ended within the last `hold` are looked at, every `step`: so posts that come late still count, and
    who takes the brand over needs no memory of earlier looks.
    """
    ends = question.now - np.arange(0, question.hold + 1, question.step, dtype=np.int64)[::-1]
    counts = count(times, ends - question.window, ends)
    ratios = counts / season.means(ends)
    chosen = int(np.argmax(ratios) if season.side == "more" else np.argmin(ratios))
    ordinary = season.ordinary(int(ends[chosen]))
    value = int(counts[chosen])
    return Verdict(value, int(ends[chosen]), ordinary, ordinary.p_value(value))


def lesson_of(times: Times, question: Question, side: Side = "more") -> Lesson | None:
    """The whole hours before the windows in question. None: too little history."""
    end = question.now - question.hold - question.window
    oldest = max(question.since, end - min(question.baseline, LONGEST * HOUR))
    first, until = -(-oldest // HOUR), end // HOUR
    if (until - first) * HOUR < MIN_WINDOWS * question.window:
        return None
    usable = _clear(np.arange(first, until, dtype=np.int64) * HOUR, question)
    if usable.sum() * HOUR < MIN_WINDOWS * question.window:
        usable[:] = True  # a crisis so long that little else is left has become ordinary
    taught = slice(*np.searchsorted(times, (first * HOUR, until * HOUR)))
    return Lesson(times[taught], first, until, question.window, usable, side)


def learn(lesson: Lesson) -> Season:
    """The season; see the module."""
    edges = np.arange(lesson.first, lesson.until + 1, dtype=np.int64) * HOUR
    hours = np.diff(np.searchsorted(lesson.times, edges))
    learnt = rhythm.learn(hours, lesson.first, lesson.usable)
    past = past_windows(lesson.times, lesson.window, learnt, edges, lesson.usable)
    k, error, _ = rhythm.spread(past.counts, past.expected, past.blur, past.chosen)
    far = surprises(past, 1 / np.maximum(SMOOTH, k + error + past.blur), LAWS[lesson.side])
    return Season(learnt.season, learnt.doubt, lesson.window, k + error, len(hours) / HOURS, lesson.side, far)


def _clear(starts: Times, question: Question) -> Bools:
    """Hours that touch no span that was not ordinary."""
    clear = np.ones(len(starts), dtype=bool)
    for start, end in question.left_out:
        clear &= (starts >= end) | (starts + HOUR <= start)
    return clear
