"""`change`: a number against the same number of the brand's earlier windows (`streams/alerting/past.py`)."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from config.alert_rule import Comparing, Direction
from config.alert_rules import Change
from streams.alerting.lasting import lasting
from streams.alerting.numbers import counts, described, unit
from streams.alerting.past import Past, learn
from streams.alerting.question import GO_ON, Concerns, Question, Verdict
from streams.alerting.windows import earlier
from streams.views.components import Figure
from streams.views.window import Window

Read = Callable[[Sequence[Window]], Awaitable[Sequence[Figure | None]]]
"""The number of each window; None while nobody can say."""


async def judge(question: Question[Change]) -> list[Verdict] | None:
    """One verdict. None: too little behind the number, or too short a past."""
    number = question.rule.number

    async def read(windows: Sequence[Window]) -> Sequence[Figure | None]:
        return await question.sight.figures(number, windows)

    return await compared(question, number, question.rule.direction, read)


async def compared(
    question: Question[Comparing], number: str, direction: Direction, read: Read, concerns: Concerns | None = None
) -> list[Verdict] | None:
    """The number that `read` tells, against its past; what the kinds that compare have in common."""
    rule = question.rule

    async def look(end: datetime) -> Verdict | None:
        (now,) = await read([Window.last(rule.window, end)])
        if now is None or now.value is None or now.posts < rule.min_posts or now.authors < rule.min_authors:
            return None
        before = await read(earlier(rule, end, question.since, question.episode(rule.window)))
        past = learn([found for found in before if found is not None], counts=counts(number))
        return None if past is None else verdict(rule, number, direction, now, past, end, concerns)

    found = await lasting(question, look)
    return None if found is None else [found]


def verdict(
    rule: Comparing,
    number: str,
    direction: Direction,
    now: Figure,
    past: Past,
    end: datetime,
    concerns: Concerns | None = None,
) -> Verdict | None:
    """One figure against its past. To begin, the difference must be worth telling; half of that is enough to go on."""
    value = now.value
    if value is None:
        return None
    own = past.own(now)
    p_value = past.p_value(value, own, direction)
    away = value - past.mean
    size = abs(away) if direction == "both" else away if direction == "up" else -away
    return Verdict(
        fires=p_value < GO_ON and size >= rule.at_least and size > 0,
        stays=p_value < GO_ON and size >= rule.at_least / 2 and size > 0,
        number=number,
        value=value,
        baseline=past.mean,
        end=end,
        interval=_possible(past.interval(own), number),
        p_value=p_value,
        by_chance=True,
        details=described(number, now, "up" if away > 0 else "down"),
        concerns=concerns,
    )


def _possible(interval: tuple[float, float], number: str) -> tuple[float, float] | None:
    """Cut to what the number can be; None where the data do not bound it."""
    if not all(map(math.isfinite, interval)):
        return None
    least, most = {"share": (0.0, 1.0), "net": (-1.0, 1.0), "index": (-1.0, float("inf"))}.get(
        unit(number), (0.0, float("inf"))
    )
    return max(least, interval[0]), min(most, interval[1])
