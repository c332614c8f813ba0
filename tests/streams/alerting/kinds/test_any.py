"""Every kind of rule on small conversations of all sorts: it judges or not, and never says what is no number."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from streams.alerting.kinds import JUDGES
from streams.records import Entry
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.world import NOW, MemoryDesk
from tests.streams.views.generate import made

DAY = timedelta(days=1)
KINDS: dict[str, dict[str, Any]] = {
    "threshold": {"number": "peer_share", "above": 0.1, "window": "1d", "min_posts": 1, "min_authors": 1},
    "change": {"number": "depth", "window": "1d", "min_posts": 1, "min_authors": 1},
    "volume-spike": {"min_posts": 1, "min_authors": 1},
    "volume-drop": {"min_posts": 1},
    "sentiment-turn": {"min_posts": 1, "min_authors": 1},
    "voice-loss": {"min_posts": 1, "min_authors": 1},
    "crisis": {"min_posts": 1, "min_authors": 1},
    "new-voice": {"min_authors": 1, "share": 0.001},
    "circle-split": {"min_posts": 1, "min_authors": 1, "crossing": 0.99},
    "message-turn": {"about": ["t"], "min_posts": 1, "min_authors": 1},
}


def conversation(seed: int, count: int) -> list[Entry]:
    """Over thirty days; by eight people, one of whom is the brand."""
    random = Random(seed)
    entries = []
    for each in made(random, count, people=8):
        at = NOW - random.random() ** 3 * 30 * DAY
        entries.append(msgspec.structs.replace(each, post=msgspec.structs.replace(each.post, created_at=at)))
    return entries


def test_all_kinds_are_here() -> None:
    assert {type(rule(kind, **options)) for kind, options in KINDS.items()} == {
        each for each in JUDGES if each.__name__ != "VolumeSpike"
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("seed", "count"), [(0, 0), (1, 1), (2, 7), (3, 60), (4, 400), (5, 400)])
async def test_no_conversation_breaks_it(kind: str, seed: int, count: int) -> None:
    own = ("x:A0", "@Brand") if seed % 2 else ()
    desk, other = (MemoryDesk(conversation(seed + n, count), own=own) for n in (0, 50))
    asking = Asking(rule(kind, **KINDS[kind]), desk, {"acme": desk, "other": MemoryDesk(other.held.values(), "other")})
    for at in (NOW, NOW + 3 * DAY):
        for standing in ([], [asking.firing(NOW - DAY, "77", number="sentiment")]):
            for verdict in await asking.all(at, standing) or ():
                figures = [verdict.value, verdict.baseline, verdict.p_value or 0.0, *(verdict.interval or ())]
                figures += [worth for worth in verdict.details.values() if not isinstance(worth, str)]
                assert all(map(math.isfinite, figures)), verdict
                assert 0 <= (verdict.p_value or 0.0) <= 1
