"""The dispatcher on a real file, with a clock that the test moves: what is due is looked at at its very moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from bots.chat.dispatcher import Dispatcher
from bots.chat.outbox import Outbox, Told
from bots.chat.places import Places
from bots.chat.quiet import Quiet
from bots.chat.store import Store
from bots.chat.watches import Watch
from config.routing import Routing
from streams.alerting.silences import Silence
from streams.records import Alert
from tests.bots.chat.destination import NOW


def at(seconds: float) -> Any:
    """So many seconds after the beginning of the test, which is a Monday, 12:00 UTC."""
    return NOW + timedelta(seconds=seconds)


class Known:
    """The topic `alerts`."""

    def __init__(self) -> None:
        self.newest: dict[str, Alert] = {}

    def get(self, fingerprint: str) -> Alert | None:
        return self.newest.get(fingerprint)

    def all(self) -> Collection[Alert]:
        return list(self.newest.values())


class Message(NamedTuple):
    """What a destination was told, in which second."""

    second: int
    outlet: str
    firing: tuple[str, ...]
    over: tuple[str, ...]
    room: str = ""


class Rig:
    """Alerts and silences outlive the process; `start` and `stop` are its life."""

    def __init__(self, path: Path, routing: dict[str, Any], outlets: dict[str, str] | None = None) -> None:
        self.path, self.outlets = path, outlets or {"o1": "webhook", "o2": "webhook"}
        self.routing = Routing.model_validate(routing)
        self.known, self.silences = Known(), list[Silence]()
        self.watches: list[Watch] = []
        self.messages: list[Message] = []
        self.keys: list[str] = []
        self.drains = True
        self.second = 0
        self.dispatcher: Dispatcher | None = None

    def start(self) -> None:
        self.store = Store(self.path)
        self.store.db.execute("PRAGMA synchronous = OFF")  # the machine does not fail in here, and tests are many
        self.outbox = Outbox(self.store)
        places = Places(self.routing, self.outlets, lambda: self.watches)
        quiet = Quiet(self.routing, lambda: self.silences, self.known.all)
        self.dispatcher = Dispatcher(self.store, self.outbox, self.known, places, quiet)
        self.dispatcher.start(at(self.second))
        self.tick()

    def stop(self) -> None:
        """As by kill -9: nothing is done at the end."""
        self.dispatcher = None
        self.store.close()

    def publish(self, alert: Alert) -> None:
        """An alert began or ended."""
        self.known.newest[alert.fingerprint] = alert
        if self.dispatcher is not None:
            self.dispatcher.take(alert.fingerprint, at(self.second))

    def tick(self) -> None:
        """What is due now."""
        assert self.dispatcher is not None
        self.dispatcher.tick(at(self.second))
        while self.drains and self._deliver_one():
            pass

    def forward(self, to: int) -> None:
        """Second by second; nothing happens while the process is down."""
        while self.second < to:
            self.second += 1
            due = self.dispatcher.due() if self.dispatcher is not None else None
            if due is not None and due <= at(self.second):
                self.tick()

    def _deliver_one(self) -> bool:
        for to in sorted(self.outbox.destinations()):
            message = self.outbox.first(to)
            if message is not None and isinstance(message.content, Told):
                firing, over = (
                    tuple(sorted(alert.fingerprint for alert in alerts))
                    for alerts in (message.content.firing, message.content.over)
                )
                self.messages.append(Message(self.second, to.outlet, firing, over, to.room))
                self.keys.append(message.key)
                self.outbox.delivered(message, 0)
                return True
        return False
