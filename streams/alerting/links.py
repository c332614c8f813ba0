"""What the rules ask of other parts of the worker, and of other workers: circles, and the voices of other brands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from config.schema import Config
from streams.alerting.behind import MOST
from streams.alerting.circles_behind import FindCircles
from streams.alerting.group import Ask
from streams.api.circles import CircleRoom
from streams.api.params import Span
from streams.api.peers import PART_S, LookupFailed, PeerFailed, Peers
from streams.api.problems import Problem
from streams.records import Driver
from streams.views.voice import VoiceCounts
from streams.views.window import Window

log = logging.getLogger(__name__)
TRIES: Final = 6
AGAIN_S: Final = 5.0
WORDS: Final = 4
_counts = msgspec.json.Decoder(VoiceCounts)


def circles_in(room: CircleRoom) -> FindCircles:
    """The circles with most of a window's posts, from the room that works them out."""

    async def find(brand: str, window: Window) -> Sequence[Driver] | None:
        span = Span(window.end - window.start, window.end, pinned=True)
        for _ in range(TRIES):
            try:
                found = await room.circles(brand, span)
            except Problem as problem:
                log.info("%s: the circles behind an alert: %s", brand, problem)
                await asyncio.sleep(AGAIN_S)
                continue
            order = sorted(found.circles, key=lambda circle: (-circle.share.count, circle.name))
            return [
                Driver(
                    each.name,
                    each.share.count,
                    each.share.count / each.share.total,
                    words=tuple(word.word for word in each.words[:WORDS]),
                )
                for each in order[:MOST]
                if each.share.count
            ]
        return None

    return find


def voices_of(peers: Peers, config: Config, me: Callable[[], str]) -> Ask:
    """What the worker that holds a brand says of it; None when it cannot be asked, or is not up to it now."""
    token = config.api.token
    authorization = f"Bearer {token.get_secret_value()}" if token else None

    async def ask(brand: str, window: Window) -> VoiceCounts | None:
        span = Span(window.end - window.start, window.end, pinned=True)
        try:
            owner = await peers.owner(brand, me=me())
            if owner is None:
                return None
            path = f"/api/brands/{brand}/voice-counts?{span.pinned_query()}"
            answer = await peers.get(owner, path, authorization, PART_S)
        except (LookupFailed, PeerFailed) as error:
            log.info("%s: its share of voice is not judged now: %s", brand, error)
            return None
        return _counts.decode(answer.body) if answer.status == 200 else None

    return ask
