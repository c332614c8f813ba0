"""`volume-spike`: many more posts than this hour of the week usually brings (`streams/alerting/season.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from config.alert_rules import VolumeDrop, VolumeSpikeRule
from streams.alerting import season, volume
from streams.alerting.clock import from_ms, length_ms, to_ms
from streams.alerting.lasting import moments
from streams.alerting.question import GO_ON, Question, Verdict
from streams.views.window import Window

NONE: Final = timedelta(0)


async def judge(question: Question[VolumeSpikeRule]) -> list[Verdict] | None:
    """One verdict, on the busiest window that ended within `hold`: so posts that come late count as well. None: too
    short a past."""
    found = await asyncio.to_thread(_judged, question)
    return None if found is None else [found]


def _judged(question: Question[VolumeSpikeRule]) -> Verdict | None:
    rule = question.rule
    found = ordinary(question, question.at, rule.hold, "more")
    if found is None:
        return None
    end = from_ms(found.end)
    people = len(question.sight.rows(Window.last(rule.window, end)).authors)
    enough = found.count >= rule.min_posts and people >= rule.min_authors
    begins = enough and found.p_value < GO_ON and _held(question, moments(question.at, rule.pending, question.pace))
    stays = enough and found.p_value < GO_ON
    return verdict(found, end, fires=begins, stays=stays)


def _held(question: Question[VolumeSpikeRule], ends: Iterable[datetime]) -> bool:
    """Whether every window that ended at these moments was a spike; without `for` one within `hold` is enough."""
    if not question.rule.pending:
        return True
    found = (ordinary(question, end, NONE, "more") for end in ends)
    return all(each is not None and each.p_value < GO_ON for each in found)


def ordinary(
    question: Question[VolumeSpikeRule] | Question[VolumeDrop], at: datetime, hold: timedelta, side: season.Side
) -> season.Verdict | None:
    """The least likely window that ended within `hold` of `at`, against the season."""
    rule = question.rule
    asked = volume.Question(
        now=to_ms(at),
        step=length_ms(question.pace),
        window=length_ms(rule.window),
        baseline=length_ms(rule.baseline),
        hold=hold // timedelta(milliseconds=1),
        since=to_ms(question.since),
        left_out=question.left_out(rule.window),
    )
    oldest = question.at - rule.baseline - 2 * rule.window - max(rule.hold, rule.pending)
    times = question.sight.rows(Window(oldest, question.at)).time // 1_000
    return season.judge(times, asked, side)


def verdict(found: season.Verdict, end: datetime, *, fires: bool, stays: bool) -> Verdict:
    """What a season's verdict is to a rule."""
    return Verdict(
        fires=fires,
        stays=stays,
        number="posts",
        value=found.count,
        baseline=found.ordinary.mean,
        end=end,
        interval=found.ordinary.interval(),
        p_value=found.p_value,
        by_chance=True,
        details={"unit": "posts", "direction": "up" if found.count > found.ordinary.mean else "down"},
    )
