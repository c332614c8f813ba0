"""Which groups of which destinations an alert belongs to: routes, watching rooms, and outlets that take everything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from bots.chat.groups import Destination, Place
from bots.chat.routing import Chosen, Routes, chosen
from bots.chat.watches import Watch, watches_for
from config.routing import UNROUTED, Routing
from streams.alerting.labels import labels
from streams.records import Alert

PASSED_ON: Final = timedelta(seconds=10)
"""Outlets that take everything are told of changes so soon."""
KEPT_ALIVE: Final = timedelta(minutes=1)
"""They are told of what fires so often: who hears nothing for a few minutes thinks it is over."""


class Places:
    """`outlets`: kind by name, of all that are told anything. `watches`: those that count at the moment."""

    def __init__(
        self, routing: Routing, outlets: Mapping[str, str], watches: Callable[[], Collection[Watch]] = lambda: ()
    ) -> None:
        routed = read_by_people(outlets)
        self._routed, self._unrouted = frozenset(routed), sorted(outlets.keys() - set(routed))
        self._routing, self._routes, self._watches = routing, Routes(routing, routed), watches

    def of(self, alert: Alert) -> list[Place]:
        """The groups, each once."""
        found = [*self._by_routes(alert), *self._by_watches(alert), *map(_unrouted, self._unrouted)]
        return list({(place.destination, place.name): place for place in found}.values())

    def fingerprint(self) -> str:
        """Another one when alerts may go elsewhere than before."""
        known = f"{self._routing.model_dump_json(by_alias=True)}\x00{sorted(self._routed)}\x00{self._unrouted}"
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    def _by_routes(self, alert: Alert) -> Iterator[Place]:
        for route in self._routes.of(alert):
            for outlet in route.outlets:
                if outlet in self._routed:  # it may be disabled
                    yield _place(Destination(outlet), route)

    def _by_watches(self, alert: Alert) -> Iterator[Place]:
        """Told as the root of the tree would tell it, but at any time: quiet hours are for those who did not ask."""
        for watch in watches_for(alert, self._watches()):
            if watch.outlet in self._routed:
                place = _place(Destination(watch.outlet, watch.room), chosen(self._routes.root, labels(alert)))
                yield msgspec.structs.replace(place, name=f"watch {place.name}", mute=(), active=())


def read_by_people(outlets: Mapping[str, str]) -> list[str]:
    """The names of those that routes and digests lead to, of all (kind by name)."""
    return [name for name, kind in outlets.items() if kind not in UNROUTED]


def _place(destination: Destination, route: Chosen) -> Place:
    return Place(
        destination=destination,
        name=route.key,
        labels=route.group,
        wait=route.group_wait,
        interval=route.group_interval,
        repeat=route.repeat_interval,
        mute=route.mute,
        active=route.active,
        lang=route.lang,
    )


def _unrouted(outlet: str) -> Place:
    return Place(Destination(outlet), "all", (), timedelta(0), PASSED_ON, KEPT_ALIVE, every=True)
