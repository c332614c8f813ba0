"""What stands behind `/api/silences` in these tests: a topic that is a list, and that can be away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from aiokafka.errors import KafkaConnectionError

from streams.alerting.silences import Silence
from streams.api.silence_routes import SilenceRoutes
from streams.audit import Audit
from streams.records import Alert
from tests.streams.api.stub import NOW


class Silencing:
    """Implements `Known`; what was published stands in `published`."""

    def __init__(self, alerts: Callable[[], Sequence[Alert]], folder: Path) -> None:
        self.audit = Audit(folder)
        self.published: list[Silence] = []
        self.away = False
        self._alerts = alerts
        self._known: dict[str, Silence] = {}

    def routes(self) -> SilenceRoutes:
        """For an `ApiServer`."""
        return SilenceRoutes(self, self.publish, self._alerts, self.audit, lambda: NOW)

    async def publish(self, silence: Silence) -> None:
        if self.away:
            raise KafkaConnectionError("away")
        self.published.append(silence)

    def get(self, name: str) -> Silence | None:
        return self._known.get(name)

    def all(self) -> Collection[Silence]:
        return list(self._known.values())

    def keep(self, silence: Silence) -> None:
        self._known[silence.id] = silence
