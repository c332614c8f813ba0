"""How often ordinary windows really surprise: the tail of a model's p-values, learnt from the past's largest surprises.

A model's far tail is its weakest part. Where the news of every other day brings a burst, windows that the model calls
one in a million come weekly. So surprises s = -ln p are looked at as they were: were the p-values right, s beyond any
level would be exponential with mean 1. It is taken as exponential with a mean of its own, by the largest s of each
hour or spell of hours (peaks over a threshold: Pickands 1975, as in the detector of Siffer et al. 2017):

    P(a window has s or more) = share · (1 + (s - start) / (n · scale))^-n        for s > start

`start` is the b-th largest, `share` the share of windows that lie beyond it. `scale` is the maximum-likelihood mean of
what exceeds it, with the very largest censored (Epstein & Sobel 1953): these may be true crises, and count only as "at
least as large as the next". `n` is how many are known; that power is the predictive distribution, which carries that
the scale is only estimated. A prior worth `PRIOR` surprises of mean `HEAVY` stands in while little is known.

The model's own p-value is never made smaller.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np

from streams.alerting.rhythm import Floats

TOP: Final = 0.03
"""The share of the blocks whose surprises say how the tail goes on."""
CRISES: Final = 1 / 168
"""The share of the blocks that may be true crises: one in a week."""
PRIOR: Final = 1.0
HEAVY: Final = 2.0
"""See the module."""
LEAST: Final = 1e-300


class Tail(msgspec.Struct, frozen=True):
    """See the module."""

    start: float
    share: float
    scale: float
    known: float

    def p_value(self, p: float) -> float:
        """How often an ordinary window is as surprising as the model's `p`."""
        surprise = -math.log(max(p, LEAST))
        beyond = max(0.0, surprise - self.start) / (self.known * self.scale)
        return min(1.0, max(p, self.share * math.pow(1 + beyond, -self.known)))


def needed(blocks: int) -> int:
    """How many of the largest surprises are looked at, of so many blocks."""
    return min(blocks, math.ceil(TOP * blocks) + 1)


def learn(surprises: Floats, blocks: int, windows: float) -> Tail:
    """From the `needed` largest surprises, each of another block of the past; a block has so many windows."""
    largest = np.sort(surprises)[::-1]
    last = len(largest) - 1
    censored = min(max(0, last - 1), int(CRISES * blocks))
    over = largest[censored:last] - largest[last]
    total = float(over.sum()) + (censored * float(over[0]) if censored else 0.0)
    known = len(over) + PRIOR
    share = len(largest) / (blocks + 1) / float(windows)
    return Tail(float(largest[last]), share, (total + PRIOR * HEAVY) / known, known)
