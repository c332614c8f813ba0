"""Whether now is one of the times that the configuration names (`routing.times`), in the time zone it names."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.routing import Routing
from config.times import Times, parse_days, parse_hours, parse_months, parse_weekdays, parse_years


def muted(names: Iterable[str], config: Routing, at: datetime) -> bool:
    """Whether `at` lies in any of the times with these names. Raises `KeyError` for a name that is not there."""
    known = {times.name: times for times in config.times}
    return any(within(known[name], at) for name in names)


def silent(mute: Sequence[str], active: Sequence[str], config: Routing, at: datetime) -> bool:
    """Whether a route with these `mute` and `active` times tells nothing at `at`. Raises `KeyError`."""
    return muted(mute, config, at) or (bool(active) and not muted(active, config, at))


def within(times: Times, at: datetime) -> bool:
    """Whether `at` is one of these times; hours that pass midnight belong to the day on which they begin."""
    local = at.astimezone(ZoneInfo(times.zone))
    today, minute = local.date(), local.hour * 60 + local.minute
    if not times.hours:
        return _is_day(times, today)
    for first, last in map(parse_hours, times.hours):
        if first < last:
            found = first <= minute < last and _is_day(times, today)
        else:
            yesterday = today - timedelta(days=1)
            found = (minute >= first and _is_day(times, today)) or (minute < last and _is_day(times, yesterday))
        if found:
            return True
    return False


@lru_cache(maxsize=1_024)  # the same few times are asked for with every message
def _is_day(times: Times, day: date) -> bool:
    """Whether everything but the hours fits the day."""
    length = monthrange(day.year, day.month)[1]
    fits = (
        not times.weekdays or any(day.weekday() in parse_weekdays(text) for text in times.weekdays),
        not times.days_of_month or any(_holds(parse_days(text), day.day, length) for text in times.days_of_month),
        not times.months or any(day.month in parse_months(text) for text in times.months),
        not times.years or any(first <= day.year <= last for first, last in map(parse_years, times.years)),
    )
    return all(fits)


def _holds(days: tuple[int, int], day: int, length: int) -> bool:
    """Whether a day lies in a range of days of a month that has `length`; negative ones count from its end."""
    first, last = (number if number > 0 else length + number + 1 for number in days)
    return first <= day <= last
