"""`volume-drop`: far fewer posts than this hour of the week usually brings (`streams/alerting/season.py`).

The window that ended last is asked; it may be the source that is silent: `source-trouble` says that, and inhibits this.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from config.alert_rules import VolumeDrop
from streams.alerting.kinds.volume_spike import NONE, ordinary, verdict
from streams.alerting.lasting import lasting
from streams.alerting.question import GO_ON, Question, Verdict


async def judge(question: Question[VolumeDrop]) -> list[Verdict] | None:
    """One verdict. None: too short a past, or so little is usual that silence says nothing."""

    async def look(end: datetime) -> Verdict | None:
        found = await asyncio.to_thread(ordinary, question, end, NONE, "fewer")
        if found is None or found.ordinary.mean < question.rule.min_posts:
            return None
        few = found.p_value < GO_ON
        return verdict(found, end, fires=few, stays=few)

    found = await lasting(question, look)
    return None if found is None else [found]
