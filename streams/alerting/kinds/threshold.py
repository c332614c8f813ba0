"""`threshold`: a number above or below a level that somebody set.

The near end of its interval has to be beyond the level: a number that is uncertain does not fire it. It ends when the
number itself is back, by `margin`, for `hold`.
"""

from __future__ import annotations

from datetime import datetime
from statistics import NormalDist
from typing import Final

from config.alert_rules import Threshold
from streams.alerting.lasting import lasting
from streams.alerting.numbers import described
from streams.alerting.past import variance
from streams.alerting.question import Question, Verdict
from streams.views.components import Figure
from streams.views.window import Window

_NORMAL: Final = NormalDist()


async def judge(question: Question[Threshold]) -> list[Verdict] | None:
    """One verdict. None: too little behind the number."""

    async def look(end: datetime) -> Verdict | None:
        (found,) = await question.sight.figures(question.rule.number, [Window.last(question.rule.window, end)])
        return None if found is None else of(question.rule, found, end)

    found = await lasting(question, look)
    return None if found is None else [found]


def of(rule: Threshold, figure: Figure, end: datetime) -> Verdict | None:
    """What a figure says of the levels; None where it has no value, or too little behind it."""
    value = figure.value
    if value is None or figure.posts < rule.min_posts or figure.authors < rule.min_authors:
        return None
    low, high = figure.interval or (value, value)
    over = rule.above is not None and low > rule.above
    under = rule.below is not None and high is not None and high < rule.below
    near = _nearest(rule, value)
    back_up = rule.above is None or value <= rule.above - rule.margin
    back_down = rule.below is None or value >= rule.below + rule.margin
    return Verdict(
        fires=over or under,
        stays=not (back_up and back_down),
        number=rule.number,
        value=value,
        baseline=near,
        end=end,
        p_value=_p_value(figure, near),
        details=described(rule.number, figure, "up" if near == rule.above else "down"),
    )


def _nearest(rule: Threshold, value: float) -> float:
    levels = [level for level in (rule.above, rule.below) if level is not None]
    return min(levels, key=lambda level: abs(level - value))


def _p_value(figure: Figure, level: float) -> float | None:
    """How likely the number is so far beyond a level that it does not exceed; None where it has no interval."""
    spread = variance(figure, level)
    if figure.value is None or figure.interval is None or not spread:
        return None
    return 1 - _NORMAL.cdf(abs(figure.value - level) / spread**0.5)
