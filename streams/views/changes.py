"""What a number did since the window before, and whether that is more than chance."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from streams.views.asked import Asked
from streams.views.columns import lookup
from streams.views.company import Company
from streams.views.components import Bounds, Figure, Unit
from streams.views.intervals import effective, percentile_interval, poisson_bootstrap
from streams.views.rows import factorise

Method: TypeAlias = Literal["newcombe", "mover", "bootstrap"]
Open: TypeAlias = tuple[float | None, float | None]
"""95 %; an end that the data do not bound is None."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`difference` = now - `before`. `real`: its interval leaves 0 out; None: it has no interval, so nobody can say.

    `method`: `newcombe` for shares, `mover` for what else has intervals, `bootstrap` over authors for people.
    """

    before: Figure
    difference: float | None = None
    interval: Open | None = None
    method: Method | None = None
    real: bool | None = None


def change(now: Figure, before: Figure, unit: Unit) -> Change:
    """From the intervals of both. No difference where one of them has no value."""
    if now.value is None or before.value is None:
        return Change(before=before)
    difference = now.value - before.value
    if now.interval is None or before.interval is None:
        return Change(before=before, difference=difference)
    method: Method = "newcombe" if unit == "share" else "mover"
    return _with(before, difference, mover(now.value, now.interval, before.value, before.interval), method)


def mover(one: float, around_one: Bounds, other: float, around_other: Bounds) -> Open:
    """The interval of `one` - `other` from an interval of each (Zou & Donner 2008).

    With Wilson's for two shares this is method 10 of Newcombe (1998). It takes both as independent; windows that share
    people move together, which makes it wide rather than narrow.
    """
    (low, high), (other_low, other_high) = around_one, around_other
    difference = one - other
    return (
        None if other_high is None else difference - math.hypot(one - low, other_high - other),
        None if high is None else difference + math.hypot(high - one, other - other_low),
    )


def people_change(now: Figure, before: Figure, here: Company, there: Company, asked: Asked) -> Change:
    """Of two numbers of people; who spoke in both windows moves nothing.

    Each who came or left is drawn Poisson(1) times (`poisson_bootstrap`), together with those in the same company.
    """
    difference = len(here.people) - len(there.people)
    if asked.too_few(now.posts, len(here.people)) and asked.too_few(before.posts, len(there.people)):
        return Change(before=before, difference=difference)
    came, left = ~lookup(here.people, there.people)[1], ~lookup(there.people, here.people)[1]
    signs = np.repeat(np.array([1, -1]), (came.sum(), left.sum()))
    # What somebody draws in one window is another draw than in the other.
    clusters, number = factorise(np.concatenate((here.cluster[came], ~there.cluster[left])))
    sums = np.bincount(number, signs, len(clusters)).astype(np.int64)
    drawn = poisson_bootstrap(clusters, sums[:, None], asked.settings.bootstrap)[0]
    found = percentile_interval(drawn, effective(np.bincount(number)))
    if found is None:
        return Change(before=before, difference=difference)
    return _with(before, difference, (min(found[0], difference), max(found[1], difference)), "bootstrap")


def _with(before: Figure, difference: float, interval: Open, method: Method) -> Change:
    low, high = interval
    real = (low is not None and low > 0) or (high is not None and high < 0)
    return Change(before=before, difference=difference, interval=interval, method=method, real=real)
