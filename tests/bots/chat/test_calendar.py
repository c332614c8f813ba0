"""Times by name: hours past midnight, days from the end of a month, clocks that change.

`tests/real/test_routing.py` asks Alertmanager's own calendar the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.calendar import muted, silent, within
from config.routing import Routing
from config.times import WEEKDAYS, Times, parse_weekdays

MADRID = ZoneInfo("Europe/Madrid")
FRIDAY = datetime(2026, 11, 27, tzinfo=MADRID)


def times(**given: Any) -> Times:
    return Times.model_validate({"name": "x", "zone": "Europe/Madrid", **given})


def at(days: int, clock: str) -> datetime:
    """So many days after that Friday, in Madrid."""
    hours, minutes = map(int, clock.split(":"))
    return (FRIDAY + timedelta(days=days)).replace(hour=hours, minute=minutes)


@pytest.mark.parametrize(
    ("given", "moment", "fits"),
    [
        ({}, at(0, "12:00"), True),
        ({"hours": ["09:00-17:00"]}, at(0, "09:00"), True),
        ({"hours": ["09:00-17:00"]}, at(0, "16:59"), True),
        ({"hours": ["09:00-17:00"]}, at(0, "17:00"), False),
        ({"hours": ["22:00-24:00"]}, at(0, "23:59"), True),
        ({"hours": ["22:00-07:00"]}, at(0, "06:59"), True),
        ({"hours": ["22:00-07:00"]}, at(0, "07:00"), False),
        ({"hours": ["22:00-07:00"], "weekdays": ["friday"]}, at(0, "23:00"), True),
        ({"hours": ["22:00-07:00"], "weekdays": ["friday"]}, at(1, "03:00"), True),  # it is Friday's night
        ({"hours": ["22:00-07:00"], "weekdays": ["friday"]}, at(0, "03:00"), False),  # that was Thursday's
        ({"weekdays": ["saturday:monday"]}, at(0, "12:00"), False),
        ({"weekdays": ["saturday:monday"]}, at(3, "12:00"), True),
        ({"weekdays": ["saturday:monday"]}, at(4, "12:00"), False),
        ({"days_of_month": ["-4"]}, at(0, "12:00"), True),  # of 30 days the 27th
        ({"days_of_month": [27, "1:3"]}, at(4, "12:00"), True),
        ({"days_of_month": ["-1"], "months": ["february"]}, datetime(2028, 2, 29, 12, tzinfo=UTC), True),
        ({"days_of_month": ["-1"], "months": ["february"]}, datetime(2026, 2, 28, 12, tzinfo=UTC), True),
        ({"months": ["november:january"]}, datetime(2027, 1, 31, 12, tzinfo=UTC), True),
        ({"months": ["november:january"]}, datetime(2027, 2, 1, 12, tzinfo=UTC), False),
        ({"months": [11], "years": ["2025:2026"]}, at(0, "12:00"), True),
        ({"years": [2025]}, at(0, "12:00"), False),
    ],
)
def test_a_moment(given: dict[str, Any], moment: datetime, fits: bool) -> None:
    assert within(times(**given), moment) is fits
    assert within(times(**given), moment.astimezone(UTC)) is fits, "whatever the zone of the moment"


def test_clocks_that_change_do_not_move_the_night() -> None:
    """On 29 March 2026 there is no 02:30 in Madrid, on 25 October there are two."""
    night = times(hours=["02:00-03:00"])
    lost = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert not any(within(night, lost + timedelta(minutes=minute)) for minute in range(180))
    doubled = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert sum(within(night, doubled + timedelta(minutes=minute)) for minute in range(180)) == 120


@given(st.integers(0, 1439), st.integers(0, 1439), st.sampled_from(WEEKDAYS), st.integers(0, 7 * 24 * 60))
def test_a_night_is_as_long_as_it_says_and_begins_on_its_day(start: int, end: int, day: str, minutes: int) -> None:
    """By another way: from the beginning of the last such day, have less minutes passed than it lasts?"""
    if start == end:
        return
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    moment = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = within(Times.model_validate({"name": "x", "hours": [hours], "weekdays": [day]}), moment)
    week = 7 * 24 * 60
    began = WEEKDAYS.index(day) * 24 * 60 + start  # 1 June 2026 is a Monday
    assert found is ((minutes - began) % week < (end - start) % (24 * 60))


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_of_weekdays_goes_round(first: int, last: int) -> None:
    found = parse_weekdays(f"{WEEKDAYS[first]}:{WEEKDAYS[last]}")
    assert len(found) == (last - first) % 7 + 1
    assert {first, last} <= found


ROUTING = Routing.model_validate(
    {
        "times": [
            {"name": "night", "hours": ["22:00-07:00"]},
            {"name": "weekend", "weekdays": ["saturday:sunday"]},
        ]
    }
)


@pytest.mark.parametrize(
    ("mute", "active", "moment", "quiet"),
    [
        ((), (), "2026-11-27T23:00", False),
        (("night", "weekend"), (), "2026-11-27T23:00", True),
        (("night", "weekend"), (), "2026-11-28T12:00", True),
        (("night", "weekend"), (), "2026-11-27T12:00", False),
        ((), ("weekend",), "2026-11-28T12:00", False),
        ((), ("weekend",), "2026-11-27T12:00", True),
        (("night",), ("weekend",), "2026-11-28T23:00", True),
    ],
)
def test_what_mutes_wins_over_what_is_active(
    mute: tuple[str, ...], active: tuple[str, ...], moment: str, quiet: bool
) -> None:
    assert silent(mute, active, ROUTING, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is quiet


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        muted(["evening"], ROUTING, FRIDAY)
