"""What is not told at a moment, and why: silences and acknowledgements, inhibition, times when a route is mute."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from bots.chat.calendar import silent
from bots.chat.groups import Place
from bots.chat.routing import inhibited
from config.matchers import all_match, parse
from config.routing import Routing
from streams.alerting.labels import labels
from streams.alerting.silences import Silence, silenced
from streams.records import Alert


class Quiet:
    """Asked anew at each moment: silences come and go, and so do the alerts that inhibit others."""

    def __init__(
        self, routing: Routing, silences: Callable[[], Collection[Silence]], alerts: Callable[[], Collection[Alert]]
    ) -> None:
        self._routing, self._silences, self._alerts = routing, silences, alerts
        self._sources = [[parse(text) for text in rule.source_matchers] for rule in routing.inhibit]

    def at(self, now: datetime) -> Moment:
        """What holds now."""
        active = [silence for silence in self._silences() if silence.state_at(now) == "active"]
        sources = [alert for alert in self._alerts() if self._inhibits(alert)] if self._sources else []
        return Moment(self._routing, active, sources, now)

    def _inhibits(self, alert: Alert) -> bool:
        if alert.state != "firing":
            return False
        found = labels(alert)
        return any(all_match(source, found) for source in self._sources)


class Moment:
    """One moment; what was found for an alert is kept for its other groups."""

    def __init__(
        self, routing: Routing, silences: Collection[Silence], sources: Collection[Alert], now: datetime
    ) -> None:
        self.now = now
        self._routing, self._silences, self._sources = routing, silences, sources
        self._known: dict[str, bool] = {}

    def keeps(self, alert: Alert) -> bool:
        """Whether the alert is kept from everybody."""
        if alert.fingerprint not in self._known:
            quiet = silenced(alert, self._silences, self.now) or inhibited(alert, self._sources, self._routing)
            self._known[alert.fingerprint] = quiet is not None
        return self._known[alert.fingerprint]

    def mutes(self, place: Place) -> bool:
        """Whether the place is told nothing at all."""
        return silent(place.mute, place.active, self._routing, self.now)
