"""The people of a simulated community, drawn anew from one and the same population in every run.

What a person is like is drawn once for all of their posts: how much they write, what they think, how often they turn to
the brand, whether their threads are answered, by whom and where they begin. So the posts of one person hang together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from streams.views.columns import Bools, Floats, Ints

LANGUAGES: Final = ("en", "es")
GROUNDS: Final = ("home", "hub", "elsewhere")
BRANDS: Final = 3  # of the group; the first is the one whose numbers are asked for
OLD: Final = 0.6  # of those who are there, the part that was there before
LOUD: Final = 2.0  # who writes more than this many times the mean has the opinions of the loud


@dataclass(frozen=True)
class Regime:
    """The parameters of a population: shares are means over people, rates are per window."""

    name: str
    people: int = 300
    tail: float = 0.3  # spread of the logarithm of how much a person writes
    kept: float = 2.0  # Dirichlet weight: the smaller, the more each person is of one mind
    lean: tuple[float, float, float] = (0.3, 0.45, 0.25)  # true opinions: negative, neutral, positive
    loud_lean: tuple[float, float, float] = (0.5, 0.3, 0.2)
    toward: float = 0.3  # of what people address, the brand's part
    answered: float = 0.4  # of the threads of people, those the brand answers
    grounds: tuple[float, float, float] = (0.3, 0.2, 0.5)
    voice: tuple[float, float, float] = (0.5, 0.3, 0.2)  # of the group
    starts: float = 0.6  # threads a person begins
    replies: float = 2.5  # answers to a thread, before the window's end cuts them
    passed: float = 0.5  # reposts of a thread's first post
    brand_threads: float = 12.0
    stays: float = 0.5  # of those who wrote in the window before, the part that is still there
    scale: float = 1.0  # of what is said about this brand, beside the first of the group
    labelled: int = 150  # posts per class and language on which the classifier was measured


REGIMES: Final = (
    Regime("even"),
    Regime("loud", tail=1.3),
    Regime("few", people=60, tail=0.8, starts=1.6, brand_threads=8),
    Regime(
        "rare",
        tail=0.8,
        lean=(0.05, 0.85, 0.1),
        loud_lean=(0.1, 0.85, 0.05),
        toward=0.03,
        answered=0.03,
        grounds=(0.03, 0.03, 0.94),
        voice=(0.12, 0.48, 0.4),
        starts=0.4,
        stays=0.2,
    ),
    Regime(
        "brand",
        tail=0.8,
        lean=(0.1, 0.2, 0.7),
        loud_lean=(0.2, 0.2, 0.6),
        toward=0.85,
        answered=0.95,
        grounds=(0.9, 0.05, 0.05),
        voice=(0.94, 0.03, 0.03),
        starts=0.4,
        brand_threads=60,
        stays=0.9,
    ),
)


@dataclass(frozen=True)
class People:
    """One element per person; `opinions` (people, 3), `grounds` (people, 3), `voice` (people, brands) are shares."""

    activity: Floats  # mean 1
    opinions: Floats
    toward: Floats
    answered: Floats
    pull: Floats  # how much their threads are answered, mean 1
    grounds: Floats
    voice: Floats
    circle: Ints
    language: Ints
    present: Bools  # in the window
    before: Bools  # in the window before


def people(regime: Regime, dice: np.random.Generator) -> People:
    """Those who are there in the window, in the one before, or in both; how many is chance as well."""
    left = OLD * (1 / regime.stays - 1)  # beside one who is there
    count = dice.poisson(regime.people * (1 + left))
    part = dice.random(count) * (1 + left)
    return drawn(regime, part < 1, (part < OLD) | (part >= 1), dice)


def drawn(regime: Regime, present: Bools, before: Bools, dice: np.random.Generator) -> People:
    """What each of them is like."""
    count = len(present)
    activity = dice.lognormal(-(regime.tail**2) / 2, regime.tail, count)
    return People(
        activity=activity,
        opinions=_opinions(regime, activity, dice),
        toward=_beta(regime.toward, regime.kept, count, dice),
        answered=_beta(regime.answered, regime.kept, count, dice),
        pull=dice.gamma(2, 0.5, count),
        grounds=_dirichlet(np.tile(regime.grounds, (count, 1)) * regime.kept, dice),
        voice=_dirichlet(np.tile(regime.voice, (count, 1)) * regime.kept, dice),
        circle=dice.integers(0, 4 + regime.people // 40, count),
        language=(dice.random(count) < 0.3).astype(np.int64),
        present=present,
        before=before,
    )


def _opinions(regime: Regime, activity: Floats, dice: np.random.Generator) -> Floats:
    lean = np.where((activity > LOUD)[:, None], regime.loud_lean, regime.lean)
    return _dirichlet(lean * regime.kept, dice)


def _dirichlet(weights: Floats, dice: np.random.Generator) -> Floats:
    drawn = dice.standard_gamma(weights) + 1e-300
    shares: Floats = drawn / drawn.sum(axis=1, keepdims=True)
    return shares


def _beta(mean: float, kept: float, count: int, dice: np.random.Generator) -> Floats:
    return dice.beta(mean * kept, (1 - mean) * kept, count)
