"""The numbers that together describe how a community is: one line each, and which figure of a view's answer it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from streams.views.asked import Answer, Asked
from streams.views.base import VIEWS
from streams.views.rows import Rows

Better: TypeAlias = Literal["more", "less", "neither"]
Unit: TypeAlias = Literal["people", "share", "index", "posts", "seconds"]
"""`index`: a coefficient without a unit."""
Bounds: TypeAlias = tuple[float, float | None]
"""95 %; the upper end is None where the data do not bound it."""


class Figure(Answer, frozen=True, kw_only=True):
    """One number of one window. `unreached`: a waiting time that is longer than can be told, because more than half
    still wait: it has no value, and counts as longer than any."""

    value: float | None = None
    interval: Bounds | None = None
    unreached: bool = False


class Component(NamedTuple):
    """`figure` reads it from the answer of `view`. `reach`: windows before its own that it looks at."""

    name: str
    view: str
    figure: Callable[[Any], Figure]
    better: Better
    unit: Unit
    reach: int = 0


def _part(*path: str, value: str = "share") -> Callable[[Any], Figure]:
    """A figure with `posts`, `authors` and `insufficient` of its own, somewhere below an answer."""

    def read(answer: Any) -> Figure:
        for name in path:
            answer = getattr(answer, name)
        return figure_of(answer, getattr(answer, value), getattr(answer, "interval", None))

    return read


def _of(estimate: str) -> Callable[[Any], Figure]:
    """An estimate below an answer whose `posts` and `authors` it shares, such as `virality.mean`."""

    def read(answer: Any) -> Figure:
        found = answer
        for name in estimate.split("."):
            found = getattr(found, name)
        return figure_of(answer, found.value, found.interval)

    return read


def figure_of(answer: Any, value: float | None, interval: Bounds | None) -> Figure:
    """As a `Figure`; it is insufficient as well where there is no value."""
    known = value is not None and not answer.insufficient
    return Figure(
        posts=answer.posts,
        authors=answer.authors,
        insufficient=not known,
        value=value if known else None,
        interval=interval if known else None,
    )


def _people(answer: Any) -> Figure:
    """A count is never too few."""
    return Figure(posts=answer.posts, authors=answer.authors, insufficient=False, value=answer.authors)


def _waiting(answer: Any) -> Figure:
    return Figure(
        posts=answer.posts,
        authors=answer.authors,
        insufficient=answer.insufficient,
        value=answer.median_s,
        interval=None if answer.median_s is None else answer.interval,
        unreached=not answer.insufficient and answer.median_s is None,
    )


COMPONENTS: Final = (
    Component("people", "renewal", _people, "more", "people"),
    Component("retention", "renewal", _part("retention"), "more", "share", reach=1),
    Component("regulars", "levels", _part("regulars"), "more", "share"),
    Component("advocates", "levels", _part("advocates"), "more", "share"),
    Component("peer_share", "peer_share", _part(), "more", "share"),
    Component("reciprocity", "reciprocity", _part(value="value"), "more", "index"),
    Component("answered", "threads", _part("several"), "more", "share"),
    Component("first_response", "first_response", _waiting, "less", "seconds"),
    Component("depth", "threads", _of("depth"), "more", "posts"),
    Component("virality", "threads", _of("virality.mean"), "neither", "index"),
    Component("core", "core", _part(value="k"), "more", "people"),
    Component("unevenness", "unevenness", _part(value="gini"), "less", "index"),
    Component("fragmentation", "fragmentation", _part(value="value"), "less", "index"),
    Component("threads_without_brand", "threads_without_brand", _part(), "neither", "share"),
    Component("self_organised", "venues", _part("by_posts", "self_organised"), "neither", "share"),
)
"""In the order in which they are shown. Not among them: how loud and how friendly the talk is, which the pulse tells,
and the share of newcomers: the less a ledger remembers, the more people look new, so that windows do not compare."""

BY_NAME: Final[Mapping[str, Component]] = {component.name: component for component in COMPONENTS}
_USED: Final = tuple(dict.fromkeys(component.view for component in COMPONENTS))


def figures(rows: Rows, asked: Asked) -> dict[str, Figure]:
    """Every component of one window, by name."""
    answers = {name: VIEWS[name](rows, asked) for name in _USED}
    return {each.name: each.figure(answers[each.view]) for each in COMPONENTS}
