"""From the material to the answer: a pure function, whatever process it runs in."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from streams.graph.answers import Circles, Crossing, GraphSize, LeftOutOfGraph, SmallCircles
from streams.graph.louvain import circles_of
from streams.graph.material import Head, Material
from streams.graph.measures import crossing, modularity
from streams.graph.names import name_circles
from streams.graph.people import People
from streams.graph.portrait import Portraits, crossing_of
from streams.graph.ties import LeftOut, Pairs, Talk, Ties, bounded
from streams.views.columns import Ints, microseconds, unique
from streams.views.fragmentation import components

MOST_CIRCLES: Final = 25


class Found(NamedTuple):
    """The graph of a moment, and the circle of each of its accounts; the largest has number 0."""

    pairs: Pairs
    ties: Ties
    left: LeftOut
    label: Ints
    sizes: Ints


def find(head: Head, talk: Talk) -> Found:
    """The bounded graph at `to` and its circles; circles of one size in the order of their first members' hashes."""
    pairs = Pairs(talk, head.half_life)
    ties, left = bounded(pairs.at(head.to), head.authors, head.edges)
    label = circles_of(ties)
    sizes = np.bincount(label)
    order = np.argsort(-sizes, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Found(pairs, ties, left, place[label], sizes[order])


def circles(material: Material) -> Circles:
    """The answer; `author` of its people is still the hash, as text: columns know no names."""
    head, talk, posts, texts = material
    found = find(head, talk)
    few = too_few(head, talk, found)
    listed = 0 if few else int((found.sizes[:MOST_CIRCLES] >= head.min_authors).sum())
    crossed = crossing(found.ties, found.label)
    names = [] if few else name_circles(found.pairs, microseconds(head.to), head.half_life, found.ties, found.label)
    people = People(head, found.ties, found.label, posts, names)
    portraits = Portraits(material, found.ties, found.label, crossed, people)
    return Circles(
        posts=len(posts.author),
        authors=len(unique(posts.author)),
        insufficient=few,
        brand=head.brand,
        start=head.start,
        to=head.to,
        as_of=head.as_of,
        graph=_size(head, talk, found),
        modularity=None if few else modularity(found.ties, found.label),
        crossing=Crossing(0, 0) if few else crossing_of(found.ties, crossed, np.ones_like(crossed)),
        circles=[portraits.of(number, names[number], int(found.sizes[number])) for number in range(listed)],
        others=SmallCircles(len(found.sizes) - listed, int(found.sizes[listed:].sum())),
        brokers=[] if few else people.brokers(),
        spoken=int(posts.spoken.sum()),
        texts=len(texts),
    )


def too_few(head: Head, talk: Talk, found: Found) -> bool:
    """Whether so few interactions, or people, make no circles to speak of."""
    return head.asked.too_few(len(talk.time), len(found.ties.accounts))


def _size(head: Head, talk: Talk, found: Found) -> GraphSize:
    ties, left = found.ties, found.left
    pieces = np.bincount(components(len(ties.accounts), ties.source, ties.target))
    return GraphSize(
        half_life_s=head.half_life.total_seconds(),
        interactions=len(talk.time),
        authors=len(ties.accounts),
        edges=len(ties.weight),
        components=int((pieces > 0).sum()),
        largest=int(pieces.max(initial=0)),
        approximate=left.edges > 0,
        left_out=LeftOutOfGraph(left.authors, left.edges, left.weight, talk.own),
    )
