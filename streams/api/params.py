"""What the parameters of a request mean, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from config.schema import Config
from config.units import format_duration, parse_duration
from streams.api.problems import bad_parameter
from streams.graph.export import FORMATS, Format
from streams.records import OLDEST

DEFAULT_WINDOW = timedelta(hours=24)
LONGEST_WINDOW = timedelta(days=90)
MAX_POINTS = 2_000  # of a series
MAX_LIMIT = 500  # mentions on one page
DEFAULT_LIMIT = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_STEPS = tuple(parse_duration(text) for text in ("1s", "5s", "15s", "1m", "5m", "15m", "1h", "3h", "6h", "1d"))
_LOST_PLUS = re.compile(r" (\d\d:\d\d)$")  # an unescaped + in a query arrives as a blank


class Span(msgspec.Struct, frozen=True):
    """The window `[to - length, to)` of a question; `pinned` says whether the asker fixed `to`."""

    length: timedelta
    to: datetime
    pinned: bool

    @property
    def start(self) -> datetime:
        """The first moment inside."""
        return self.to - self.length

    @property
    def text(self) -> str:
        """The length as people write it."""
        return format_duration(self.length)

    def pinned_query(self, **more: str) -> str:
        """The same window as a query string that means the same moment wherever and whenever it is asked."""
        return urlencode({"window": self.text, "to": msgspec.to_builtins(self.to)} | more)


class Question(msgspec.Struct, frozen=True):
    """A window and the part of the conversation that is asked for."""

    span: Span
    platform: str | None
    lang: str | None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for questions that may share an answer; an open `to` means "now", whenever that is."""
        return (self.span.length, self.span.to if self.span.pinned else None, self.platform, self.lang)

    def pinned_query(self) -> str:
        """The same question as a query string that means the same moment wherever it is asked."""
        filters = {"platform": self.platform, "lang": self.lang}
        return self.span.pinned_query(**{name: value for name, value in filters.items() if value})


class Params:
    """Reads parameters; `now` is the clock."""

    def __init__(self, config: Config, now: Callable[[], datetime]) -> None:
        self._longest = max(LONGEST_WINDOW, config.ledger.retention)
        self._now = now

    def question(self, request: web.Request) -> Question:
        """`window`, `to`, `platform` and `lang`."""
        return Question(self.span(request), name(request, "platform"), name(request, "lang"))

    def span(self, request: web.Request) -> Span:
        """`window` and `to`."""
        length = duration(request, "window", DEFAULT_WINDOW)
        if length > self._longest:
            raise bad_parameter("window", f"is longer than {format_duration(self._longest)}")
        if (text := request.query.get("to")) is None:
            return Span(length, self._now(), pinned=False)
        return Span(length, moment(text, "to"), pinned=True)

    def step(self, request: web.Request, length: timedelta) -> timedelta:
        """`step` of a series; without it the shortest usual step that gives at most 300 points."""
        usual = next((step for step in _STEPS if length / step <= 300), _STEPS[-1])
        step = duration(request, "step", usual)
        if length / step > MAX_POINTS:
            raise bad_parameter("step", f"makes more than {MAX_POINTS} points of the window; take a longer step")
        return min(step, length)


def duration(request: web.Request, parameter: str, default: timedelta) -> timedelta:
    """A duration of at least one second."""
    text = request.query.get(parameter)
    if text is None:
        return default
    try:
        value = parse_duration(text[:100])
    except ValueError as error:
        raise bad_parameter(parameter, str(error)) from error
    if value < timedelta(seconds=1):
        raise bad_parameter(parameter, "is shorter than one second")
    return value


def moment(text: str, parameter: str) -> datetime:
    """An RFC 3339 time with its zone."""
    try:
        value = msgspec.convert(_LOST_PLUS.sub(r"+\1", text[:64]), type=datetime)
    except (msgspec.ValidationError, OverflowError) as error:
        raise bad_parameter(parameter, "is no RFC 3339 time, such as 2026-11-23T12:00:00Z") from error
    if value.tzinfo is None:
        raise bad_parameter(parameter, "has no time zone; add Z for UTC")
    if value < OLDEST + timedelta(days=400):
        raise bad_parameter(parameter, f"lies before {OLDEST.year + 2}")
    return value


def name(request: web.Request, parameter: str) -> str | None:
    """The name of a platform or language."""
    text = request.query.get(parameter)
    if text is not None and not _NAME.fullmatch(text):
        raise bad_parameter(parameter, "is no name, such as bluesky or es")
    return text


def form(request: web.Request) -> Format:
    """`format` of a graph."""
    text = request.query.get("format", FORMATS[0])
    for known in FORMATS:
        if text == known:
            return known
    raise bad_parameter("format", f"is none of: {', '.join(FORMATS)}")


def limit(request: web.Request) -> int:
    """`limit`: how many on one page."""
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    number = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0
    if not 1 <= number <= MAX_LIMIT:
        raise bad_parameter("limit", f"is a whole number from 1 to {MAX_LIMIT}")
    return number


def after(request: web.Request) -> str | None:
    """`after`: the token of the page before."""
    text = request.query.get("after")
    if text is not None and not 0 < len(text) <= 4_096:
        raise bad_parameter("after", "is not a token that a page before gave")
    return text
