"""Whose company people are in: who is there for one person's threads alone would not be there without that person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.views.clusters import begun_by
from streams.views.columns import Ints
from streams.views.rows import Rows, factorise


class Company(NamedTuple):
    """The people of a window but the brand's own accounts, sorted by hash, and the cluster that each belongs to."""

    people: Ints
    cluster: Ints


def company(rows: Rows) -> Company:
    """Each with who began all of the threads they are in; of those in the threads of several, themselves."""
    others = ~rows.own
    begun = begun_by(rows.snapshot, rows.roots)[rows.root_number[others]]
    people, number = factorise(rows.author[others])
    low, high = np.full(len(people), np.iinfo(np.int64).max), np.full(len(people), np.iinfo(np.int64).min)
    np.minimum.at(low, number, begun)
    np.maximum.at(high, number, begun)
    return Company(people, np.where(low == high, low, people))
