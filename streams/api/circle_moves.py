"""Which circles hold more or less of the talk than in the window before."""

from __future__ import annotations

from typing import Final

from streams.api.health_answers import CircleMove
from streams.graph.answers import Circle, Circles
from streams.views.changes import mover

MOST: Final = 3
WORDS: Final = 3


def circle_moves(now: Circles, before: Circles) -> list[CircleMove]:
    """Those with a real move of their share of the posts, the largest first.

    A circle keeps its name from one moment to another. Of one that is listed in one answer only nobody can say whether
    it is new, has lost its name, or was too small to be listed: it is left out.
    """
    if now.insufficient or before.insufficient:
        return []
    here, there = ({circle.name: circle for circle in answer.circles} for answer in (now, before))
    found = [_move(here[name], there[name]) for name in sorted(here.keys() & there.keys())]
    moves = [move for move in found if move is not None]
    return sorted(moves, key=lambda move: -abs(move.difference))[:MOST]


def _move(now: Circle, before: Circle) -> CircleMove | None:
    one, other = now.share, before.share
    if one.share is None or other.share is None or one.interval is None or other.interval is None:
        return None
    low, high = mover(one.share, one.interval, other.share, other.interval)
    if low is None or high is None or low <= 0 <= high:
        return None
    return CircleMove(
        name=now.name,
        words=[word.word for word in (now.words or before.words)][:WORDS],
        now=one,
        before=other,
        difference=one.share - other.share,
        interval=(low, high),
    )
