"""Since when a brand has been watched, from a sample of its entries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.alerting.watching import watched_since
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk, entry, steady

DAY = timedelta(days=1)
MONTH = NOW - 30 * DAY


@pytest.mark.parametrize("hours", [1, 5, 30, 300])
def test_it_is_found_to_a_few_minutes_in_a_month(hours: int) -> None:
    """A post a minute since then; a slice of a month is fifteen hours long."""
    began = NOW - timedelta(hours=hours)
    desk = MemoryDesk(steady(began, NOW))
    assert began <= watched_since(desk, "acme", MONTH, NOW) <= began + 25 * MINUTE


def test_old_posts_that_a_feed_brought_at_the_start_tell_when_that_was() -> None:
    began = NOW - timedelta(hours=5)
    old = [entry(f"old-{n}", NOW - n * DAY, seen=began) for n in range(1, 20)]
    assert watched_since(MemoryDesk([*old, *steady(began + MINUTE, NOW)]), "acme", MONTH, NOW) == began


def test_what_was_there_before_counts_and_nothing_is_now() -> None:
    assert watched_since(MemoryDesk([entry("old", MONTH - DAY)]), "acme", MONTH, NOW) <= MONTH
    assert watched_since(MemoryDesk(), "acme", MONTH, NOW) == NOW
