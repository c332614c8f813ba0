"""The older `volume_spike`, with a level of its own: the busiest window against the last day, whatever the hour."""

from __future__ import annotations

from config.alerts import VolumeSpike
from streams.alerting import volume
from streams.alerting.clock import from_ms, length_ms, to_ms
from streams.alerting.question import Question, Verdict
from streams.views.window import Window

RELEASE = 10.0
"""An alert goes on while the volume is less likely than so many times `p`: at the very edge it must not flap."""


async def judge(question: Question[VolumeSpike]) -> list[Verdict] | None:
    """One verdict. None: too short a past."""
    rule = question.rule
    oldest = question.at - rule.baseline - rule.hold - 2 * rule.window
    asked = volume.Question(
        now=to_ms(question.at),
        step=length_ms(question.pace),
        window=length_ms(rule.window),
        baseline=length_ms(rule.baseline),
        hold=length_ms(rule.hold),
        since=to_ms(question.since),
        left_out=question.left_out(rule.window),
    )
    found = volume.judge(question.sight.rows(Window(oldest, question.at)).time // 1_000, asked, rule.p)
    if found is None:
        return None
    verdict = Verdict(
        fires=found.count >= rule.min_posts and found.p_value < rule.p,
        stays=found.count >= rule.min_posts and found.p_value < rule.p * RELEASE,
        number="posts",
        value=found.count,
        baseline=found.past.mean,
        end=from_ms(found.end),
        interval=found.past.interval(),
        p_value=found.p_value,
        details={"unit": "posts", "direction": "up"},
    )
    return [verdict]
