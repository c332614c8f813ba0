"""How often a rule is looked at, so that a look costs little however many rules there are.

Counts of posts are cheap: at every look. Other numbers take milliseconds, and a window of a day is much the same a
minute later: they are looked at once in a 120th of their window, at most each minute; circles, which take seconds,
once in a 28th, at most each hour. All workers look at the same moments, multiples of the pace since 1970.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from config.alert_rule import Rule
from config.alert_rules import CircleSplit, VolumeDrop, VolumeSpikeRule
from config.alerts import VolumeSpike

CHEAP: Final = (VolumeSpikeRule, VolumeDrop, VolumeSpike)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)


def pace(rule: Rule | VolumeSpike, every: timedelta) -> timedelta:
    """From look to look; a multiple of `every`."""
    if isinstance(rule, CHEAP):
        return every
    least, parts = (HOUR, 28) if isinstance(rule, CircleSplit) else (MINUTE, 120)
    wanted = max(every, least, rule.window / parts)
    return every * max(1, wanted // every)


def reach(rule: Rule | VolumeSpike) -> timedelta:
    """How far back a rule looks, in all."""
    baseline: timedelta = getattr(rule, "baseline", rule.window)
    pending: timedelta = getattr(rule, "pending", timedelta(0))
    return baseline + max(rule.hold, pending) + 2 * rule.window
