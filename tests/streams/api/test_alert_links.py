"""What the alert rules ask of other workers, and of the room for circles: over real HTTP, and a real process aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from config.schema import Config
from streams.alerting.group import Group
from streams.alerting.links import circles_in, voices_of
from streams.api.circles import CircleRoom
from streams.api.peers import LookupFailed, Peers
from streams.records import Entry
from streams.topics import partition_of
from streams.views.voice import ShareOfVoice, share_of_voice, voice_counts
from streams.views.window import Window
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config

DAY = Window(NOW - timedelta(days=1), NOW)


class Coordinator:
    """Says who holds what, unless it is away."""

    def __init__(self) -> None:
        self.holders: dict[int, str] = {}
        self.away = False

    async def __call__(self) -> Mapping[int, str]:
        if self.away:
            raise LookupFailed("refused")
        return self.holders


class Two:
    """This worker holds `fairphone`, another one `shiftphone`."""

    def __init__(self, config: Config) -> None:
        self.config, self.coordinator = config, Coordinator()
        self.here = StubDesk(config, conversation("fairphone", 60), held=["fairphone"])
        self.there = StubDesk(config, conversation("shiftphone", 20), held=["shiftphone"])

    async def start(self, serve: Serve) -> Group:
        url = (await serve(self.there, self.config)).advertised
        self.coordinator.holders = {partition_of("shiftphone", self.config.kafka.brand_partitions): url}
        self.peers = Peers(self.coordinator, self.config.kafka.brand_partitions)
        return Group(self.here, self.config, voices_of(self.peers, self.config, lambda: "http://127.0.0.1:9"))

    def wanted(self) -> ShareOfVoice:
        """What one worker with both brands would say."""
        whole = {
            name: voice_counts(desk.frame(name).rows(DAY))
            for name, desk in (("fairphone", self.here), ("shiftphone", self.there))
        }
        return share_of_voice("fairphone", whole)


@pytest.mark.parametrize("api", [{}, {"token": "a-token"}], ids=["open", "with a token"])
async def test_the_share_of_voice_is_that_of_all_workers(serve: Serve, api: dict[str, str]) -> None:
    two = Two(make_config(**api))
    group = await two.start(serve)
    assert await group.share("fairphone", DAY) == two.wanted()
    two.here.add(entry("fairphone", 99))
    assert await group.share("fairphone", DAY) == two.wanted(), "what came here counts"
    await two.peers.stop()


async def test_while_the_other_worker_cannot_be_asked_nobody_can_say(serve: Serve) -> None:
    two = Two(make_config())
    group = await two.start(serve)
    two.coordinator.away = True
    assert await group.share("fairphone", DAY) is None
    two.coordinator.away = False
    two.there.held = set()  # its partition moves
    assert await group.share("fairphone", DAY) is None
    two.there.held = {"shiftphone"}
    assert await group.share("fairphone", DAY) == two.wanted()
    await two.peers.stop()


async def test_the_circles_behind_a_window_are_those_of_the_api() -> None:
    """Two circles of six: in each everybody answers everybody, one is twice as loud."""
    config, entries = make_config(), list[Entry]()
    for circle, rounds in (("a", 4), ("b", 2)):
        for number in range(rounds * 30):
            one, other = number % 6, (number + 1 + number // 6 % 5) % 6
            answered = {"reply_to": f"demo:x{number}", "reply_to_author": f"demo:{circle}{other}"}
            author = f"demo:{circle}{one}"
            entries.append(entry("fairphone", len(entries), 5 + len(entries), author=author, **answered))
    room = CircleRoom(StubDesk(config, entries), config, lambda: NOW)
    found = await circles_in(room)("fairphone", DAY)
    await room.stop()
    assert found is not None
    assert [(driver.posts, driver.share) for driver in found] == [(120, 120 / 180), (60, 60 / 180)]
    assert len({driver.name for driver in found}) == 2
