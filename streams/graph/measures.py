"""What a graph and its circles are like: modularity, ties that cross, and who stands between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.graph.ties import Ties
from streams.views.columns import Bools, Floats, Ints


class Bridge(NamedTuple):
    """Of each account: `participation` (Guimerà & Amaral 2005), and with how many circles it has ties."""

    participation: Floats
    circles: Ints
    within: Ints  # the weight of its ties inside of its own circle


def modularity(ties: Ties, label: Ints) -> float | None:
    """Q = Σ_c (inside_c / m - (K_c / 2m)²) (Newman & Girvan 2004), weighted; None without ties."""
    whole = 2 * int(ties.weight.sum())
    if not whole:
        return None
    strength = np.bincount(label, ties.strength)
    inside = 2 * int(ties.weight[~crossing(ties, label)].sum())
    return inside / whole - float(((strength / whole) ** 2).sum())


def crossing(ties: Ties, label: Ints) -> Bools:
    """Which ties join two circles."""
    joins: Bools = label[ties.source] != label[ties.target]
    return joins


def bridges(ties: Ties, label: Ints) -> Bridge:
    """P_i = 1 - Σ_s (k_is / k_i)², k_is the weight of i's ties to circle s: 0 all in one circle, towards 1 all over."""
    size, width = len(ties.accounts), int(label.max(initial=0)) + 1
    ends = np.concatenate((ties.source, ties.target))
    key = ends * width + label[np.concatenate((ties.target, ties.source))]
    places, number = np.unique(key, return_inverse=True)
    weight = np.bincount(number, np.concatenate((ties.weight, ties.weight)), len(places))
    who, where = places // width, places % width
    share = weight / ties.strength[who]
    own = where == label[who]
    within = np.bincount(who[own], weight[own], size).astype(np.int64)
    participation: Floats = 1 - np.bincount(who, share * share, size).astype(np.float64)
    return Bridge(participation, np.bincount(who, minlength=size), within)
