"""`new-voice`: who is new among those most people turn to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from scipy import stats

from streams.records import Entry
from streams.views.columns import identity
from streams.views.intervals import wilson
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.world import NOW, MemoryDesk, entry

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def turned_to(who: str, people: int, end: datetime, seed: int = 0) -> Iterator[Entry]:
    """A post of somebody, and so many who answer it within the day before `end`; each answers twice."""
    yield entry(f"{who}-{end}", end - DAY, by=who)
    for number in range(2 * people):
        at = end - DAY + (number + 1) * DAY / (2 * people + 1)
        name = f"to-{who}-{end}-{number}"
        by = f"p{seed}-{number // 2}"
        yield entry(name, at, by=by, reply_to=f"demo:{who}-{end}", reply_to_author=f"demo:{who}")


def month(also: tuple[tuple[str, int], ...] = ()) -> list[Entry]:
    """Four weeks in which people turn to six others, most to the first; and to some more."""
    known = [("a", 30), ("b", 25), ("c", 20), ("d", 16), ("e", 14), ("f", 12), *also]
    return [
        each
        for back in range(29)
        for number, (who, people) in enumerate(known)
        for each in turned_to(who, people, NOW - back * DAY, number)
    ]


async def test_somebody_new_among_the_first_is_found_with_its_share_and_place() -> None:
    asking = Asking(rule("new-voice"), MemoryDesk([*month(), *turned_to("new", 28, NOW, 9)]))
    found = await asking.all()
    assert found is not None
    (verdict,) = found
    account = identity("demo:new")
    assert (verdict.subject, verdict.person, verdict.value) == (str(account), account, 28)
    people = 30 + 25 + 20 + 16 + 14 + 12 + 28
    assert verdict.details["place"] == 2
    assert verdict.details["people"] == people
    low, high = wilson(28, people) or (0, 0)
    assert (verdict.details["low"], verdict.details["high"]) == (low, high)
    # never turned to in 27 windows: 1/2 a person in 27 days, a negative binomial of that size; seven could have been it
    rate = stats.nbinom.sf(27, 0.5, 0.5 / (0.5 + 0.5 / 27)) * 7
    assert verdict.p_value == pytest.approx(rate, rel=1e-6)


async def test_those_who_were_there_before_are_not_new_nor_those_few_turn_to() -> None:
    assert await Asking(rule("new-voice"), MemoryDesk(month())).all() == []
    small = MemoryDesk([*month(), *turned_to("new", 9, NOW, 9)])
    assert await Asking(rule("new-voice", share=0.01), small).all() == []
    back = MemoryDesk([*month(), *turned_to("new", 28, NOW, 9), *turned_to("new", 28, NOW - 9 * DAY, 9)])
    assert await Asking(rule("new-voice"), back).all() == [], "nine days ago they were among the first as well"


async def test_a_share_that_may_be_small_by_chance_is_not_enough() -> None:
    desk = MemoryDesk([*month(), *turned_to("new", 18, NOW, 9)])  # 18 of 135: 8.6 to 20 %
    assert await Asking(rule("new-voice", share=0.1), desk).all() == []
    assert await Asking(rule("new-voice", share=0.08), desk).all() != []


async def test_the_brand_s_own_accounts_are_nobody_s_new_voice() -> None:
    desk = MemoryDesk([*month(), *turned_to("new", 28, NOW, 9)], own=("demo:new",))
    assert await Asking(rule("new-voice"), desk).all() == []


async def test_it_goes_on_while_new_and_ends_after_hold_without() -> None:
    later = [each for back in range(29) for each in turned_to("a", 30, NOW + 2 * DAY - back * DAY)]
    asking = Asking(rule("new-voice"), MemoryDesk([*month(), *later, *turned_to("new", 28, NOW, 9)]))
    subject = str(identity("demo:new"))
    began = asking.firing(NOW, subject)
    during = await asking.all(NOW + 6 * HOUR, standing=[began])
    assert during and during[0].subject == subject and during[0].stays
    assert await asking.all(NOW + 2 * DAY, standing=[began]) == [], "over: nobody turned to them within hold"


async def test_without_an_earlier_window_nobody_can_say() -> None:
    asking = Asking(rule("new-voice"), MemoryDesk([*month(), *turned_to("new", 28, NOW, 9)]))
    assert await asking.all(since=NOW - 1.5 * DAY) is None
