"""Posts that are deleted or edited, and authors who are forgotten, must not live on in an alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np

from config.schema import Brand
from streams.alerting import behind, raising
from streams.alerting.question import SUBJECT
from streams.alerting.standing import Standing
from streams.alerting.topic import LATELY
from streams.desk import Desk
from streams.records import Alert


class Refreshing:
    """Publishes alerts again when the ledger has changed under them; outlets know that as no news."""

    def __init__(self, desk: Desk, standing: Standing, brands: Mapping[str, Brand]) -> None:
        self._desk, self._standing, self._brands = desk, standing, brands
        self._checked: dict[str, int] = {}

    def forget_all_but(self, brands: Collection[str]) -> None:
        """Other workers look after the brands that have moved away."""
        self._checked = {name: version for name, version in self._checked.items() if name in brands}

    async def look(self, brand: str, at: datetime) -> None:
        """Look at the brand's alerts, if its entries have changed since the last look. Raises `KafkaError`."""
        version = self._desk.version(brand)
        if self._checked.get(brand) == version:
            return
        for alert in self._standing.all():
            if alert.brand == brand and (alert.evidence or alert.authors or behind.WHO in alert.details):
                try:
                    fresh = self._fresh(alert, at)
                except KeyError:  # it has just moved to another worker
                    return
                if fresh != alert:
                    await self._standing.keep(fresh)
        self._checked[brand] = version

    def _fresh(self, alert: Alert, at: datetime) -> Alert:
        if alert.state == "resolved" and at - alert.at > LATELY:  # nobody is shown it any more
            return raising.bare(alert, self._brands.get(alert.brand))
        fresh = behind.still_there(self._desk, alert)
        if behind.WHO in alert.details and not self._has_posts(alert):
            return raising.ended(fresh, self._brands.get(alert.brand), "forgotten", at)
        return fresh

    def _has_posts(self, alert: Alert) -> bool:
        """Whether the person whom an alert is about has a post in the ledger."""
        authors = self._desk.frame(alert.brand).snapshot().rows().author
        return bool(np.any(authors == int(str(alert.details[SUBJECT]))))
