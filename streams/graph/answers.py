"""The answers about a brand's circles, as msgspec structs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from streams.graph.words import Word
from streams.views.asked import Answer, Interval, Share


class LeftOutOfGraph(msgspec.Struct, frozen=True):
    """What is not in the graph. `authors`, `edges`: beyond `graph.authors` and `graph.edges`, the weakest, with
    `weight`, their share of all weight. `own_interactions`: those with an own account at either end."""

    authors: int
    edges: int
    weight: float
    own_interactions: int


class GraphSize(msgspec.Struct, frozen=True):
    """The graph behind the circles: `interactions` make `edges`, each pair once, between `authors`; it has `components`
    pieces, the `largest` of so many authors. `approximate`: a bound has cut something off, see `left_out`."""

    half_life_s: float
    interactions: int
    authors: int
    edges: int
    components: int
    largest: int
    approximate: bool
    left_out: LeftOutOfGraph


class Crossing(msgspec.Struct, frozen=True):
    """Of all ties (`total`, each pair once) those to another circle; `weight_share` is their share of the weight."""

    edges: int
    total: int
    share: float | None = None
    weight_share: float | None = None


class CircleSentiment(Answer, frozen=True, kw_only=True):
    """Of judged posts by members in the window; interval by author-clustered bootstrap, as for `sentiment`."""

    negative: int
    neutral: int
    positive: int
    net: float | None = None
    interval: Interval | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody who wrote in the window. `strength`: the weight of all their ties (1: an interaction of this moment);
    `within`: of those inside of their circle; `participation`: 0 all ties in one circle, towards 1 spread over many."""

    author: str
    handle: str
    circle: str
    posts: int
    strength: float
    within: float
    participation: float
    circles: int


class Circle(Answer, frozen=True, kw_only=True):
    """One circle. `size`: members, all who have a tie inside of it. `posts`, `authors`, `share`, `languages`,
    `platforms`, `words`, `sentiment`: what members wrote in the window. `voices`: the members with the most weight of
    ties inside of it."""

    name: str
    size: int
    share: Share
    languages: dict[str, int]
    platforms: dict[str, int]
    words: Sequence[Word]
    sentiment: CircleSentiment
    voices: Sequence[Person]
    crossing: Crossing


class SmallCircles(msgspec.Struct, frozen=True):
    """Circles that are not listed, because they are too small or beyond the largest ones."""

    circles: int
    authors: int


class Circles(Answer, frozen=True, kw_only=True):
    """The circles of a brand's conversation, the largest first. `posts`, `authors`: of the window, own accounts apart.
    `as_of`: the moment whose entries these are. `texts`: posts that were read for the words, of `spoken` posts."""

    brand: str
    start: datetime
    to: datetime
    as_of: datetime
    graph: GraphSize
    modularity: float | None
    crossing: Crossing
    circles: Sequence[Circle]
    others: SmallCircles
    brokers: Sequence[Person]
    spoken: int
    texts: int
