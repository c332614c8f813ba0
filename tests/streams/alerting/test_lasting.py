"""`for` and `hold`, which are looked up and not remembered; and which earlier windows a number is compared with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.alert_rule import Comparing
from config.alert_rules import Change, SentimentTurn
from streams.alerting.lasting import Look, lasting, moments
from streams.alerting.pace import pace
from streams.alerting.question import Verdict
from streams.alerting.windows import earlier
from streams.views.window import Window
from tests.streams.alerting.asking import EVERY, LONG_AGO, Asking, rule
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def looking(fires: Callable[[datetime], bool | None]) -> tuple[Look, list[datetime]]:
    """A condition by the moment it is looked at; None: nobody can say. And the moments that were looked at."""
    asked: list[datetime] = []

    async def look(end: datetime) -> Verdict | None:
        asked.append(end)
        found = fires(end)
        return None if found is None else Verdict(found, found, "posts", 1.0, 0.0, end)

    return look, asked


def asking(**options: str) -> Asking:
    return Asking(rule("threshold", number="posts", above=1, **options), MemoryDesk())


@given(st.integers(0, 10_000), st.integers(1, 3_600))
def test_moments_are_few_even_and_reach_the_whole_length(length_s: int, pace_s: int) -> None:
    length, step = timedelta(seconds=length_s), timedelta(seconds=pace_s)
    found = list(moments(NOW, length, step))
    assert found[0] == NOW
    assert len(found) <= 6
    assert found[-1] == NOW - length
    gaps = [(one - other) / length for one, other in pairwise(found)]
    assert gaps == pytest.approx([1 / max(1, len(gaps))] * len(gaps))


async def test_what_does_not_hold_now_is_looked_at_once() -> None:
    look, asked = looking(lambda _: False)
    found = await lasting(asking(for_="10m").question(NOW, (), LONG_AGO), look)
    assert found is not None and not found.fires
    assert asked == [NOW]


@pytest.mark.parametrize("since", range(13))
async def test_it_begins_when_it_has_held_all_along(since: int) -> None:
    look, _ = looking(lambda end: end >= NOW - since * MINUTE)
    found = await lasting(asking(for_="10m").question(NOW, (), LONG_AGO), look)
    assert found is not None and found.end == NOW
    assert found.fires == (since >= 10)


async def test_a_moment_of_which_nobody_can_say_is_not_enough_to_begin() -> None:
    look, _ = looking(lambda end: None if end < NOW - 5 * MINUTE else True)
    found = await lasting(asking(for_="10m").question(NOW, (), LONG_AGO), look)
    assert found is not None and not found.fires


@pytest.mark.parametrize("until", range(13))
async def test_it_goes_on_until_it_has_not_held_for_hold(until: int) -> None:
    asked = asking(hold="10m")
    look, _ = looking(lambda end: end <= NOW - until * MINUTE)
    found = await lasting(asked.question(NOW, [asked.firing(NOW - HOUR)], LONG_AGO), look)
    assert found is not None and found.end == NOW
    assert found.stays == (until <= 10)


async def test_silence_ends_it_after_a_whole_window() -> None:
    asked = asking(window="1h", hold="10m")
    for last, ends in ((20, False), (59, False), (61, True)):
        look, _ = looking(lambda end, last=last: True if end <= NOW - last * MINUTE else None)  # type: ignore[misc]
        found = await lasting(asked.question(NOW, [asked.firing(NOW - DAY)], LONG_AGO), look)
        assert (found is not None and not found.stays) is ends


def windows(
    wanted: Comparing, end: datetime = NOW, since: datetime = LONG_AGO, episode: Window | None = None
) -> list[Window]:
    return earlier(wanted, end, since, episode)


@given(st.integers(0, 3 * 86_400), st.sampled_from(["15m", "1h", "6h", "1d"]), st.sampled_from(["0s", "1d", "7d"]))
def test_earlier_windows_never_overlap_now_nor_each_other(back: int, window: str, apart: str) -> None:
    wanted = rule("change", number="posts", window=window, apart=apart, baseline="8w")
    assert isinstance(wanted, Change)
    end = NOW - timedelta(seconds=back)
    found = windows(wanted, end)
    assert 8 <= len(found) <= 60
    assert all(each.end - each.start == wanted.window for each in found)
    assert found[0].end <= end - wanted.window
    assert found[-1].start >= end - wanted.window - wanted.baseline - 2 * wanted.window
    for later, before in pairwise(found):
        assert before.end <= later.start
        assert later.end - before.end == max(wanted.apart, wanted.window)


def test_windows_of_other_days_end_at_nearly_the_same_time_of_day() -> None:
    wanted = rule("change", number="posts", window="1h")
    assert isinstance(wanted, Change)
    for minutes in range(60):
        end = NOW + minutes * MINUTE
        first = windows(wanted, end)[0]
        assert timedelta(0) <= (end - DAY) - first.end < HOUR / 8
    assert len({tuple(windows(wanted, NOW + minutes * MINUTE)) for minutes in range(60)}) == 8, "kept for a while"


def test_the_past_begins_when_watching_did_and_leaves_an_episode_out_while_enough_is_left() -> None:
    wanted = rule("sentiment-turn")
    assert isinstance(wanted, SentimentTurn)
    assert len(windows(wanted)) == 56
    assert min(each.start for each in windows(wanted, since=NOW - 3 * DAY)) == NOW - 3 * DAY
    episode = Window(NOW - 5 * DAY, NOW - 4 * DAY)
    left = windows(wanted, episode=episode)
    assert len(left) == 52
    assert all(each.end <= episode.start or each.start >= episode.end for each in left)
    long = Window(NOW - 13 * DAY, NOW)
    assert windows(wanted, episode=long) == windows(wanted), "what lasts so long has become ordinary"


def test_rules_are_looked_at_at_their_own_pace() -> None:
    def of(kind: str, **options: str) -> timedelta:
        return pace(rule(kind, **options), EVERY)

    assert of("volume-spike") == EVERY
    assert of("crisis") == MINUTE
    assert of("sentiment-turn") == 3 * MINUTE
    assert of("voice-loss") == 12 * MINUTE
    assert of("circle-split") == 6 * HOUR
    assert pace(rule("crisis"), timedelta(minutes=5)) == 5 * MINUTE
