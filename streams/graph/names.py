"""Names that a circle keeps, without anything being remembered from one answer to the next.

A name must not depend on how often somebody asked, nor on a crash. So the past is gone through anew each time, in
steps at fixed moments of event time (half a half-life apart, counted from 1970), from the beginning of the
epoch before this one (eight steps). At each step the circles are found in the backbone: the strongest accounts by
then. A circle takes the name of the one before it that it shares most with (Jaccard; at least 0.3, as Greene, Doyle &
Cunningham 2010 have it), each name once; one that follows nobody is named after its strongest member, by a hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from streams.graph.louvain import circles_of
from streams.graph.ties import Pairs, Ties, bounded
from streams.views.columns import Ints, lookup

STEPS: Final = 2  # in a half-life
EPOCH: Final = 8  # steps, four half-lives: where one ends, a circle is named anew if its strongest member is another
REACH: Final = 2 * EPOCH // STEPS  # half-lives before `to` that the steps may go back
BACKBONE: Final = (2_000, 20_000)  # accounts and ties that a step looks at
SAME: Final = 0.3
LEAST: Final = 3  # members of a circle that is worth a name
_LETTERS: Final = "23456789bcdfghjkmnpqrstvwxyz"  # no vowels: no words by accident
_LENGTH: Final = 4


class Cast(NamedTuple):
    """Who is in which circle: of the backbone; and of each circle its founder (a hash) and size, over all."""

    accounts: Ints
    circle: Ints
    founders: Ints
    sizes: Ints


def name_circles(pairs: Pairs, to: int, half_life: timedelta, ties: Ties, label: Ints) -> list[str]:
    """The name of each circle in `label`, which was found in `ties`, the graph at `to` (µs); "" for the smallest."""
    names: list[str] = []
    before: Cast | None = None
    for moment in moments(to, half_life):
        backbone, _ = bounded(pairs.at_us(moment), *BACKBONE)
        now = _cast(backbone, circles_of(backbone), backbone)
        names, before = _christen(now, before, names), now
    return _christen(_cast(ties, label, bounded(ties, *BACKBONE)[0]), before, names)


def moments(to: int, half_life: timedelta) -> Iterator[int]:
    """The steps until `to`, in microseconds since 1970."""
    step = max(1, half_life // timedelta(microseconds=STEPS))
    last = to // step
    return (number * step for number in range((last // EPOCH - 1) * EPOCH, last + 1))


def _cast(ties: Ties, label: Ints, backbone: Ties) -> Cast:
    strongest = np.lexsort((ties.accounts, -ties.strength, label))
    firsts = np.searchsorted(label[strongest], np.arange(int(label.max(initial=-1)) + 1))
    at, _ = lookup(backbone.accounts, ties.accounts)
    return Cast(backbone.accounts, label[at], ties.accounts[strongest[firsts]], np.bincount(label))


def _christen(now: Cast, before: Cast | None, old: list[str]) -> list[str]:
    """The names of the circles in `now`; `old` are those of the circles `before`."""
    names = [""] * len(now.sizes)
    taken: set[str] = set()
    for circle, previous in _by_likeness(now, before) if before is not None else ():
        if not names[circle] and old[previous] and old[previous] not in taken:
            names[circle] = old[previous]
            taken.add(old[previous])
    for circle in np.lexsort((now.founders, -now.sizes)).tolist():
        if not names[circle] and now.sizes[circle] >= LEAST:
            names[circle] = _fresh(int(now.founders[circle]), taken)
    return names


def _by_likeness(now: Cast, before: Cast) -> list[tuple[int, int]]:
    """Pairs of circles that may be the same one, the likeliest first; equals in the order of their founders."""
    at, known = lookup(now.accounts, before.accounts)
    width = max(1, len(before.sizes))
    key, common = np.unique(now.circle[known] * width + before.circle[at[known]], return_counts=True)
    new, old = key // width, key % width
    sizes = np.bincount(now.circle, minlength=len(now.sizes)), np.bincount(before.circle, minlength=width)
    likeness = common / (sizes[0][new] + sizes[1][old] - common)
    fit = (likeness >= SAME) & (now.sizes[new] >= LEAST) & (before.sizes[old] >= LEAST)
    order = np.lexsort((now.founders[new], before.founders[old], -likeness))
    return [(int(new[place]), int(old[place])) for place in order if fit[place]]


def _fresh(founder: int, taken: set[str]) -> str:
    """A name that nobody has yet; it is taken now."""
    attempt = 0
    while (name := _spelled(xxh3_64_intdigest(b"%d %d" % (founder, attempt)))) in taken:
        attempt += 1
    taken.add(name)
    return name


def _spelled(bits: int) -> str:
    letters = []
    for _ in range(_LENGTH):
        bits, place = divmod(bits, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)
