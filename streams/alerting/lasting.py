"""`for` and `hold` without a memory: what held earlier is looked up in the ledger, not remembered.

A condition has held for ten minutes when it holds in the windows that ended now, two minutes ago, four … ten minutes
ago. So it does not matter who looked then, or whether anybody did. An alert that does not fire begins when its
condition holds at each of these moments; one that fires goes on while it holds at any of those within `hold`. Looking
goes back from now and stops at the first answer, so that usually one window is looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from config.alert_rule import Rule
from streams.alerting.question import Question, Verdict
from streams.records import Alert

MOST: Final = 5
"""Moments looked at beside now."""
UNTOLD: Final = "untold"
"""In the details of an alert that ended because there was too little to go by."""
Look = Callable[[datetime], Awaitable[Verdict | None]]
"""What the window that ends at a moment says; None: too little behind it."""


async def lasting(question: Question[Rule], look: Look, subject: str = "") -> Verdict | None:
    """The verdict of now, with what `for` and `hold` make of it. None: nobody can say."""
    firing = question.firing(subject)
    if firing is not None:
        return await _goes_on(question, look, firing)
    newest: Verdict | None = None
    for end in moments(question.at, question.rule.pending, question.pace):
        found = await look(end)
        newest = newest or found
        if found is None or not found.fires:
            return newest and replace(newest, fires=False)
    return newest


async def _goes_on(question: Question[Rule], look: Look, firing: Alert) -> Verdict | None:
    newest: Verdict | None = None
    for end in moments(question.at, question.rule.hold, question.pace):
        found = await look(end)
        newest = newest or found
        if found is not None and found.stays:
            return newest and replace(newest, stays=True)
    return newest or await _silence(question, look, firing)


async def _silence(question: Question[Rule], look: Look, firing: Alert) -> Verdict | None:
    """Too little was said all along `hold`. When that has lasted for a whole window it is over."""
    for end in moments(question.at, max(question.rule.window, question.rule.hold), question.pace):
        if await look(end) is not None:
            return None
    details = {**firing.details, UNTOLD: 1.0}
    value, baseline, interval = firing.value, firing.baseline, firing.interval
    return Verdict(False, False, firing.number, value, baseline, question.at, interval, details=details)


def moments(at: datetime, length: timedelta, pace: timedelta) -> Iterator[datetime]:
    """`at`, and the moments of the last `length`, evenly, at most `MOST` and not closer than `pace`; newest first."""
    count = min(MOST, -(-length // pace))
    yield at
    for number in range(1, count + 1):
        yield at - length * number / count
