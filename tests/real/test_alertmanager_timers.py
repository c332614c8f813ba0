"""When a group is told, and what of it: our dispatcher and a real Alertmanager live through the same story.

Each step is done right after a message of the group, and then the next message is waited for, so that no step depends
on how fast the machine is. What Tertulia means otherwise (docs/alerts.md) is not part of the story.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from bots.chat.alertmanager import Alertmanager as Outlet
from bots.chat.alertmanager import AlertmanagerOptions
from bots.chat.base import Delivered, Message, Tools
from bots.chat.document import Document
from streams.alerting.silences import Silence
from tests.bots.chat.destination import Destination, alert, destination
from tests.bots.chat.rig import Rig, at
from tests.real.alertmanager import Alertmanager

TIMERS = {"group_by": ["brand"], "group_wait": "2s", "group_interval": "5s", "repeat_interval": "12s"}
HOUR = timedelta(hours=1)


class Step(NamedTuple):
    """What happens before the next message: these begin, these end, this one is silenced or heard again."""

    begin: str = ""
    end: str = ""
    silence: str = ""
    hear: str = ""


STORY = (
    Step(begin="ab"),
    Step(begin="c"),
    Step(begin="d", end="b"),
    Step(silence="a", begin="e"),
    Step(),  # the repeat
    Step(hear="a", end="c"),
    Step(end="ade"),
    Step(begin="f"),
)
Told = tuple[tuple[str, ...], tuple[str, ...]]


@pytest.fixture
async def place() -> AsyncIterator[Destination]:
    async with destination() as found:
        yield found


async def test_both_tell_the_same(tmp_path: Path, place: Destination) -> None:
    ours = simulated(tmp_path / "chat.sqlite3")
    manager = Alertmanager(tmp_path)
    receiver = {"name": "all", "webhook_configs": [{"url": place.url, "send_resolved": True}]}
    manager.write({"route": {"receiver": "all", **TIMERS}, "receivers": [receiver]})
    async with manager.process, aiohttp.ClientSession() as http:
        outlet = Outlet(AlertmanagerOptions(url=manager.url), Tools(http, lambda: datetime.now(UTC)))
        theirs = await lived(manager, outlet, place)
    assert ours == theirs
    assert theirs[4] == theirs[3] == (("c", "d", "e"), ()), "the story has a silence and a repeat"


async def lived(manager: Alertmanager, outlet: Outlet, place: Destination) -> list[Told]:
    """The story, as Alertmanager tells it."""
    silences: dict[str, str] = {}
    began: dict[str, datetime] = {}
    for number, step in enumerate(STORY):
        for name in step.silence:
            silences[name] = (await manager.ask("POST", "/api/v2/silences", silence_of(name)))["silenceID"]
        for name in step.hear:
            await manager.ask("DELETE", f"/api/v2/silence/{silences[name]}")
        now = datetime.now(UTC)
        began |= dict.fromkeys(step.begin, now)
        changed = [named(name, "firing", now, now) for name in step.begin]
        changed += [named(name, "resolved", began[name], now) for name in step.end]
        if changed:
            assert await outlet.send(Message("key", Document(""), tuple(changed))) == Delivered()
        await place.wait_for(lambda seen, number=number: len(seen) > number)  # type: ignore[misc]
    return [said(json.loads(seen.body)["alerts"]) for seen in place.seen]


def simulated(path: Path) -> list[Told]:
    """The story, as our dispatcher tells it."""
    rig = Rig(path, TIMERS, {"all": "webhook"})
    rig.start()
    for number, step in enumerate(STORY):
        quiet = ({silence.id for silence in rig.silences} | set(step.silence)) - set(step.hear)
        rig.silences = [Silence(name, (f"alertname={name}",), at(0), at(0) + HOUR, "", "", at(0)) for name in quiet]
        for name in step.begin:
            rig.publish(named(name, "firing", at(rig.second), at(rig.second)))
        for name in step.end:
            rig.publish(named(name, "resolved", rig.known.newest[name].started_at, at(rig.second)))
        while len(rig.messages) <= number:
            rig.forward(rig.second + 1)
    rig.stop()
    return [(message.firing, message.over) for message in rig.messages]


def named(name: str, state: str, began: datetime, now: datetime) -> Any:
    found = msgspec.structs.replace(alert(name, state, started=began, at=now), rule=name)
    return msgspec.structs.replace(found, ended_at=None if state == "firing" else now)


def silence_of(name: str) -> dict[str, Any]:
    """In Alertmanager's form."""
    now = datetime.now(UTC)
    matcher = {"name": "alertname", "value": name, "isRegex": False, "isEqual": True}
    times = {"startsAt": now.isoformat(), "endsAt": (now + HOUR).isoformat()}
    return {"matchers": [matcher], **times, "createdBy": "ana", "comment": "known"}


def said(alerts: Sequence[dict[str, Any]]) -> Told:
    """Which fire and which are over, in one of Alertmanager's messages."""

    def those(status: str) -> tuple[str, ...]:
        return tuple(sorted(each["labels"]["alertname"] for each in alerts if each["status"] == status))

    return those("firing"), those("resolved")
