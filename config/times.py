"""Spans of time as people write them: `22:00-07:00`, `monday:friday`, `-3:-1`, `may:august`; with a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from config.problems import did_you_mean
from config.section import Name, Section

DAY: Final = 24 * 60  # minutes
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_CLOCK: Final = re.compile(r"^(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))$")
_LONGEST_MONTH, _SHORTEST_MONTH = 31, 28
_YEARS: Final = range(1970, 10_000)


def parse_clock(text: str) -> int:
    """`"07:30"` -> 450 minutes; up to `24:00`. Raises `ValueError`."""
    found = _CLOCK.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time of day, such as 07:30 or 22:00")
    hours, minutes = [part for part in found.groups() if part is not None]
    return int(hours) * 60 + int(minutes)


def parse_hours(text: str) -> tuple[int, int]:
    """`"22:00-07:00"` -> (1320, 420): from the first minute to before the second. Raises `ValueError`."""
    start, separator, end = text.partition("-")
    if not separator:
        raise ValueError(f"{text!r} is no span of hours, such as 09:00-17:30 or 22:00-07:00")
    first, last = parse_clock(start), parse_clock(end)
    if first in {last, DAY}:
        raise ValueError(f"{text!r} is no span of hours: it has no minute; a whole day is 00:00-24:00")
    return first, last


def parse_weekdays(text: str) -> frozenset[int]:
    """`"saturday:monday"` -> {5, 6, 0}; Monday is 0. Raises `ValueError`."""
    first, last = _range(text, lambda word: _named(word, WEEKDAYS, "weekday"))
    return frozenset(number % 7 for number in range(first, last + 1 if first <= last else last + 8))


def parse_months(text: str) -> frozenset[int]:
    """`"november:2"` -> {11, 12, 1, 2}. Raises `ValueError`."""
    first, last = _range(text, _month)
    through = range(first, last + 1 if first <= last else last + 13)
    return frozenset((number - 1) % 12 + 1 for number in through)


def parse_days(text: str) -> tuple[int, int]:
    """`"-3:-1"` -> (-3, -1), the last three days of a month. Raises `ValueError`, as Alertmanager refuses it."""
    first, last = _range(text, _day_of_month)
    if first < 0 < last:
        raise ValueError(f"{text!r}: where the first day is counted from the end of the month, so is the last")
    if _in_february(first) > _in_february(last):
        raise ValueError(f"{text!r}: the last day is before the first")
    return first, last


def parse_years(text: str) -> tuple[int, int]:
    """`"2026:2028"` -> (2026, 2028). Raises `ValueError`."""
    first, last = _range(text, lambda word: _number(word, _YEARS, "year"))
    if first > last:
        raise ValueError(f"{text!r}: the last year is before the first")
    return first, last


def _range(text: str, member: Callable[[str], int]) -> tuple[int, int]:
    """Both ends of `a:b`; of `a` alone, twice the same."""
    first, _, last = text.partition(":")
    return member(first.strip()), member((last or first).strip())


def _named(word: str, names: tuple[str, ...], what: str) -> int:
    if word.casefold() not in names:
        raise ValueError(f"there is no {what} {word!r}{did_you_mean(word, names)}")
    return names.index(word.casefold())


def _month(word: str) -> int:
    return _number(word, range(1, 13), "month") if word.isdigit() else _named(word, MONTHS, "month") + 1


def _number(word: str, fits: range, what: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,4}", word) or int(word) not in fits:
        raise ValueError(f"{word!r} is no {what}")
    return int(word)


def _day_of_month(word: str) -> int:
    days = range(-_LONGEST_MONTH, _LONGEST_MONTH + 1)
    if (day := _number(word, days, "day of a month, 1 to 31, or -1 for its last")) == 0:
        raise ValueError("a month has no day 0; its last day is -1")
    return day


def _in_february(day: int) -> int:
    return day if day > 0 else _SHORTEST_MONTH + day


def _text(value: Any) -> Any:
    """`1` and `2026` are written without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # not there, a folder of zones, a path
        raise ValueError(f"there is no time zone {name!r}; write one such as UTC or Europe/Madrid") from error
    return name


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    """Keeps the text as it was written, if it can be read."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


Clock = Annotated[str, _checked(parse_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Hours = Annotated[str, _checked(parse_hours)]
Weekdays = Annotated[str, _checked(parse_weekdays)]
Days = Annotated[str, BeforeValidator(_text), _checked(parse_days)]
Months = Annotated[str, BeforeValidator(_text), _checked(parse_months)]
Years = Annotated[str, BeforeValidator(_text), _checked(parse_years)]


class Times(Section):
    """Times that routes can name, such as nights: what is left out fits always, the rest has to fit together."""

    name: Name = Field(description="What routes call it.")
    hours: tuple[Hours, ...] = Field(
        default=(), description="Spans of the day, such as 22:00-07:00; past midnight it belongs to the day it began."
    )
    weekdays: tuple[Weekdays, ...] = Field(default=(), description="Days of the week, such as monday:friday.")
    days_of_month: tuple[Days, ...] = Field(default=(), description="Such as 1, 10:15 or -3:-1, the last three.")
    months: tuple[Months, ...] = Field(default=(), description="Such as august or november:february.")
    years: tuple[Years, ...] = Field(default=(), description="Such as 2026 or 2026:2028.")
    zone: Zone = Field(default="UTC", description="Time zone of all this, such as Europe/Madrid.")
