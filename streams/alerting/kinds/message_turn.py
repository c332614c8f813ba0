"""`message-turn`: a sentiment turn among the posts that hold given words or hashtags.

The number `message` of DESIGN section 6 (adoption, fidelity, drift of a campaign's message) will take its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from config.alert_rules import MessageTurn
from streams.alerting.kinds.change import compared
from streams.alerting.kinds.sentiment_turn import said
from streams.alerting.question import Concerns, Question, Verdict
from streams.views.columns import Bools, Ints
from streams.views.components import Figure
from streams.views.rows import Rows
from streams.views.window import Window


async def judge(question: Question[MessageTurn]) -> list[Verdict] | None:
    """One verdict. None: too few of these posts, or too short a past."""
    about = question.rule.about

    async def read(windows: Sequence[Window]) -> Sequence[Figure | None]:
        return await question.sight.about(about, windows)

    found = await compared(question, "sentiment", question.rule.direction, read)
    return found and [await _about(question, each) for each in found]


async def _about(question: Question[MessageTurn], verdict: Verdict) -> Verdict:
    """With the words in its details, and only the posts that hold them behind it."""
    rule = question.rule
    rows = await question.sight.rows_about(rule.about, Window.last(rule.window, verdict.end))
    details = {**verdict.details, "about": ", ".join(rule.about)}
    return replace(verdict, details=details, concerns=_among(rows.post, said(verdict)))


def _among(posts: Ints, said: Concerns) -> Concerns:
    def these(rows: Rows) -> Bools:
        return said(rows) & np.isin(rows.post, posts)

    return these
