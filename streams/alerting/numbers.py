"""The numbers that rules may name (`config/alert_numbers.py`): which figure of which view's answer each one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from streams.views.asked import Asked
from streams.views.base import VIEWS
from streams.views.components import BY_NAME, Figure, figure_of
from streams.views.response import Waiting
from streams.views.rows import Rows
from streams.views.voice import ShareOfVoice

Unit = Literal["people", "share", "index", "posts", "seconds", "net"]
"""`net`: from -1 to 1; `index`: a coefficient without a unit."""
VOICE: Final[Mapping[str, str]] = {
    "share_of_voice": "by_posts",
    "share_of_voice.authors": "by_authors",
    "share_of_voice.threads": "by_threads",
}
"""Numbers that need the other brands of the group: what each is called in `ShareOfVoice`."""


class Read(NamedTuple):
    """`figure` reads a number from the answer of `view`. `counts`: a whole number of posts or people, which varies by
    chance though nothing has an interval."""

    view: str
    figure: Callable[[Any], Figure]
    unit: Unit
    counts: bool = False


def _below(answer: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        answer = getattr(answer, name)
    return answer


def _share(path: str, value: str = "share") -> Callable[[Any], Figure]:
    def read(answer: Any) -> Figure:
        found = _below(answer, path)
        return figure_of(found, getattr(found, value), found.interval)

    return read


def _count(path: str) -> Callable[[Any], Figure]:
    """A figure that has no interval, below an answer whose `posts` and `authors` it shares."""
    return lambda answer: figure_of(answer, _below(answer, path), None)


def _waiting(path: str) -> Callable[[Any], Figure]:
    """A median wait. Where more than half still wait it is `unreached`, and the value is what it surely exceeds."""

    def read(answer: Any) -> Figure:
        found: Waiting = _below(answer, path)
        unreached = found.median_s is None and found.interval is not None
        value = found.interval[0] if unreached and found.interval is not None else found.median_s
        return Figure(
            posts=found.posts,
            authors=found.authors,
            insufficient=found.insufficient or value is None,
            value=value,
            interval=found.interval if value is not None else None,
            unreached=unreached,
        )

    return read


def _component(name: str, *, counts: bool = False) -> Read:
    found = BY_NAME[name]
    return Read(found.view, found.figure, found.unit, counts)


READ: Final[Mapping[str, Read]] = {
    "posts": Read("volume", _count("posts"), "posts", counts=True),
    "authors": Read("volume", _count("authors"), "people", counts=True),
    "people": _component("people", counts=True),
    "sentiment": Read("sentiment", _share("", "net"), "net"),
    "sentiment.corrected": Read("sentiment", _share("corrected", "net"), "net"),
    "peer_share": _component("peer_share"),
    "threads_without_brand": _component("threads_without_brand"),
    "reciprocity": _component("reciprocity"),
    "fragmentation": _component("fragmentation"),
    "first_response": Read("first_response", _waiting(""), "seconds"),
    "first_response.by_brand": Read("first_response", _waiting("by_brand"), "seconds"),
    "answered": _component("answered"),
    "depth": _component("depth"),
    "virality": _component("virality"),
    "core": _component("core", counts=True),
    "unevenness": _component("unevenness"),
    "absence_factor": Read("unevenness", _count("absence_factor"), "people", counts=True),
    "newcomers": Read("renewal", _count("newcomers"), "people", counts=True),
    "returning": Read("renewal", _count("returning"), "people", counts=True),
    "retention": _component("retention"),
    "advocates": _component("advocates"),
    "regulars": _component("regulars"),
    "participants": Read("levels", _share("participants"), "share"),
    "observers": Read("levels", _share("observers"), "share"),
    "venues.own": Read("venues", _share("by_posts.own"), "share"),
    "venues.hub": Read("venues", _share("by_posts.hub"), "share"),
    "venues.self_organised": _component("self_organised"),
}


def figure(number: str, rows: Rows, asked: Asked) -> Figure:
    """A number of one window, of those that need no other brand."""
    read = READ[number]
    return read.figure(VIEWS[read.view](rows, asked))


def voice_figure(number: str, answer: ShareOfVoice) -> Figure:
    """One of `VOICE`."""
    return _share(VOICE[number])(answer)


def unit(number: str) -> Unit:
    """In what it is counted."""
    return "share" if number in VOICE else READ[number].unit


def counts(number: str) -> bool:
    """Whether it is a whole number of posts or people."""
    return number in READ and READ[number].counts


def described(number: str, found: Figure, direction: str) -> dict[str, str | float]:
    """What an alert says of a figure beside its value: unit, direction, and its own interval where it has one."""
    details: dict[str, str | float] = {"unit": unit(number), "direction": direction}
    for name, end in zip(("low", "high"), found.interval or (), strict=False):
        if end is not None:
            details[name] = end
    return details | ({"unreached": 1.0} if found.unreached else {})
