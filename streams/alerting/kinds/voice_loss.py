"""`voice-loss`: a share of voice below what the brand's past makes likely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.alert_rules import VoiceLoss
from streams.alerting.kinds.change import compared
from streams.alerting.question import Question, Verdict
from streams.views.components import Figure
from streams.views.window import Window

NUMBERS: Final = {
    "posts": "share_of_voice",
    "authors": "share_of_voice.authors",
    "threads": "share_of_voice.threads",
}


async def judge(question: Question[VoiceLoss]) -> list[Verdict] | None:
    """One verdict. None: another brand's worker does not answer, too little is said, or too short a past."""
    number = NUMBERS[question.rule.by]

    async def read(windows: Sequence[Window]) -> Sequence[Figure | None]:
        return await question.sight.figures(number, windows)

    return await compared(question, number, "down", read)
