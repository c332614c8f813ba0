"""`sentiment-turn`: net sentiment up or down against the past, with the intervals of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from config.alert_rules import SentimentTurn
from streams.alerting.kinds.change import compared
from streams.alerting.question import Concerns, Question, Verdict
from streams.records import SENTIMENTS
from streams.views.columns import Bools
from streams.views.components import Figure
from streams.views.rows import Rows
from streams.views.window import Window


async def judge(question: Question[SentimentTurn]) -> list[Verdict] | None:
    """One verdict. None: too few judged posts, or too short a past."""

    async def read(windows: Sequence[Window]) -> Sequence[Figure | None]:
        return await question.sight.figures("sentiment", windows)

    found = await compared(question, "sentiment", question.rule.direction, read)
    return found and [replace(each, concerns=said(each)) for each in found]


def said(verdict: Verdict) -> Concerns:
    """The posts that turned it: the negative ones when it went down."""
    code = SENTIMENTS.index("positive" if verdict.details.get("direction") == "up" else "negative")

    def these(rows: Rows) -> Bools:
        found: Bools = rows.judged & np.asarray(rows.sentiment == code)
        return found

    return these
