"""`volume-spike` and `volume-drop` by the hour of the week, and the older spike; the season has its own tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from streams.records import Entry
from tests.streams.alerting.asking import LONG_AGO, Asking, rule
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk, burst, entry

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def rhythm(start: datetime, end: datetime) -> Iterator[Entry]:
    """Sixty posts an hour from 8 to 20 o'clock, six by night, each by somebody else."""
    at, number = start, 0
    while at < end:
        yield entry(f"r{number}", at)
        at, number = at + (MINUTE if 8 <= at.hour < 20 else 10 * MINUTE), number + 1


MONTH = list(rhythm(NOW - 29 * DAY, NOW + DAY))


async def test_a_spike_has_a_baseline_of_its_hour() -> None:
    asking = Asking(rule("volume-spike"), MemoryDesk([*MONTH, *burst(60, NOW)]))
    verdict = await asking.one()
    assert verdict is not None and verdict.fires and verdict.by_chance
    assert verdict.value == 65
    assert 3 < verdict.baseline < 8
    assert verdict.interval is not None and verdict.interval[0] <= 5 <= verdict.interval[1] < 65
    assert verdict.p_value is not None and verdict.p_value < 1e-6
    quiet = await Asking(rule("volume-spike"), MemoryDesk(MONTH)).one()
    assert quiet is not None and not quiet.fires


async def test_one_author_is_no_spike() -> None:
    alone = [entry(f"one-{n}", NOW - MINUTE * (n + 1) / 61, by="one") for n in range(60)]
    at = NOW - NOW.hour * HOUR  # midnight: nobody else
    night = [entry(f"one-{n}", at - MINUTE * (n + 1) / 61, by="one") for n in range(60)]
    asking = Asking(rule("volume-spike"), MemoryDesk([*MONTH, *night]))
    verdict = await asking.one(at)
    assert verdict is not None and verdict.value > 50 and not verdict.fires
    several = Asking(rule("volume-spike", min_authors=1), MemoryDesk([*MONTH, *alone]))
    fires = await several.one()
    assert fires is not None and fires.fires


async def test_with_for_it_has_to_last() -> None:
    flash = MemoryDesk([*MONTH, *burst(60, NOW)])
    lasting = MemoryDesk([*MONTH, *(each for n in range(20) for each in burst(30, NOW - n * MINUTE, f"b{n}"))])
    for desk, fires in ((flash, False), (lasting, True)):
        verdict = await Asking(rule("volume-spike", for_="10m"), desk).one()
        assert verdict is not None and verdict.fires is fires


async def test_it_goes_on_within_hold_and_then_ends() -> None:
    asking = Asking(rule("volume-spike"), MemoryDesk([*MONTH, *burst(60, NOW)]))
    began = asking.firing(NOW)
    for minutes, stays in ((10, True), (20, False)):
        verdict = await asking.one(NOW + minutes * MINUTE, standing=[began])
        assert verdict is not None and verdict.stays is stays


async def test_a_drop_is_silence_where_there_is_usually_talk() -> None:
    hushed = MemoryDesk([each for each in MONTH if not NOW - HOUR <= (each.post.created_at or NOW) < NOW])
    asking = Asking(rule("volume-drop"), hushed)
    verdict = await asking.one()
    assert verdict is not None and verdict.fires
    assert verdict.value == 0
    assert 40 < verdict.baseline < 80
    ordinary = await Asking(rule("volume-drop"), MemoryDesk(MONTH)).one()
    assert ordinary is not None and not ordinary.fires
    midnight = NOW - NOW.hour * HOUR + 3 * HOUR
    assert await asking.one(midnight) is None, "six posts an hour: silence says nothing"


async def test_too_short_a_past_is_not_judged() -> None:
    desk = MemoryDesk([*MONTH, *burst(60, NOW)])
    assert await Asking(rule("volume-spike"), desk).one(since=NOW - 2 * HOUR) is None
    assert await Asking(rule("volume-drop"), desk).one(since=NOW - 2 * HOUR) is None
    assert await Asking(rule("volume-spike"), desk).one(since=LONG_AGO) is not None
