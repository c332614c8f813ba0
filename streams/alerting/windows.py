"""Which earlier windows a number is compared with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from config.alert_rule import MIN_PAST, Comparing
from streams.alerting.clock import EPOCH
from streams.views.window import Window

MOST_PAST: Final = 60
"""Earlier windows that are looked at, the latest ones: more would cost more than they tell."""
GRAINS: Final = 8
"""In a window: the moments that earlier windows end at move on in steps, so that they need not be counted anew at every
look."""


def floor(at: datetime, step: timedelta) -> datetime:
    """The last multiple of `step` since 1970 that is not after `at`."""
    return at - (at - EPOCH) % step


def earlier(rule: Comparing, end: datetime, since: datetime, episode: Window | None = None) -> list[Window]:
    """The windows of a rule's baseline before the one that ends at `end`, the latest first; they do not overlap it.

    None begins before watching did (`since`), nor touches `episode`, unless too few would be left: then what was out of
    the ordinary has become ordinary.
    """
    window = rule.window
    if rule.apart > window:
        step, last = rule.apart, floor(end, max(timedelta(minutes=1), window / GRAINS)) - rule.apart
    else:
        step, last = window, floor(end - window, window)
    count = min(MOST_PAST, rule.baseline // step, max(0, (last - window - since) // step + 1))
    found = [Window(last - window - step * back, last - step * back) for back in range(count)]
    apart = [each for each in found if episode is None or each.end <= episode.start or each.start >= episode.end]
    return apart if len(apart) >= MIN_PAST else found
