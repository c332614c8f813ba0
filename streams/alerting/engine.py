"""Looks at the rules again and again, and raises and resolves alerts.

There is no state here that matters: what fires is known from the topic `alerts`, and the judgement is a function of the
ledger. So a crash, or the brand's move to another worker, neither raises an alert twice nor leaves one hanging.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from aiokafka.errors import KafkaError

from config.schema import Config
from streams import metrics
from streams.alerting import networks, raising
from streams.alerting.behind import WHO
from streams.alerting.circles_behind import CirclesBehind, FindCircles
from streams.alerting.group import Ask, nobody
from streams.alerting.question import SUBJECT
from streams.alerting.refreshing import Refreshing
from streams.alerting.standing import Known, Standing, fingerprint
from streams.alerting.walk import Asked, Found, Walk
from streams.alerting.windows import floor
from streams.desk import Desk
from streams.records import Alert, SourceStatus
from streams.views.asked import Confusion

log = logging.getLogger(__name__)


class Alerting:
    """The alert rules of one worker. `now` is asked for once per look; `sources` are None while they are not read.

    `confusion`: the classifier's, for corrected sentiment; `ask`: for brands that other workers hold; `circles`: the
    circles behind an alert.
    """

    def __init__(
        self,
        desk: Desk,
        config: Config,
        publish: Callable[[Alert], Awaitable[None]],
        now: Callable[[], datetime],
        known: Known,
        sources: Callable[[], Sequence[SourceStatus] | None] = lambda: None,
        confusion: Mapping[str, Confusion] | None = None,
        ask: Ask = nobody,
        circles: FindCircles | None = None,
    ) -> None:
        self._desk, self._config, self._now, self._sources = desk, config, now, sources
        self._standing = Standing(known, publish)
        self._networks = Standing(known, publish)
        self._brands = {brand.name: brand for brand in config.brands}
        self._walk = Walk(desk, config, confusion or {}, ask)
        self._refreshing = Refreshing(desk, self._standing, self._brands)
        self._circles = CirclesBehind(circles, self._standing)

    async def run(self) -> None:
        """Look every `alerts.every` until cancelled."""
        await self._standing.ready()
        try:
            while True:
                if self._desk.ready():
                    try:
                        await self.look()
                    except KafkaError as error:
                        log.warning("an alert could not be published, trying again at the next look: %r", error)
                await asyncio.sleep(self._config.alerts.every.total_seconds())
        finally:
            await self._circles.stop()

    async def look(self) -> None:
        """Judge every brand held here, once. Raises `KafkaError`; what was not published is due at the next look."""
        at = floor(self._now(), self._config.alerts.every)  # all workers look at the same moments
        held = set(self._desk.brands())
        self._forget_all_but(held)
        asked = [each for name in sorted(held) for each in await self._ask(name, at)]
        for found in self._walk.ruled(asked):
            await self._settle(found, at)
        for each in asked:
            await self._end_missing(each, at)
            self._walk.settled(each.question)
        for name in sorted(held):
            await self._refreshing.look(name, at)
        self._circles.look(held, at)
        await self._end_unwatched(held, at)
        await self._look_at_networks(held, at)

    async def _ask(self, name: str, at: datetime) -> Sequence[Asked]:
        try:
            found = await self._walk.brand(self._brands[name], at, self._standing.all())
        except KeyError:  # the desk's word for: it has just moved to another worker
            if name in self._desk.brands():
                raise  # a mistake of ours must not pass for that
            return ()
        await asyncio.sleep(0)  # others want the loop too
        return found

    async def _settle(self, found: Found, at: datetime) -> None:
        """Raise what begins, resolve what is over."""
        question, verdict = found.question, found.verdict
        firing = question.firing(verdict.subject)
        if firing is not None:
            if not verdict.stays:
                await self._tell(raising.over(firing, question.brand, verdict, at))
        elif verdict.fires and (not verdict.by_chance or (found.ruling is not None and found.ruling.told)):
            try:
                alert = raising.raised(self._desk, found, at)
            except KeyError:
                if question.brand.name in self._desk.brands():
                    raise
                return  # moved away meanwhile: the next worker sees the same
            if alert is not None:
                await self._tell(alert)

    async def _end_missing(self, asked: Asked, at: datetime) -> None:
        """What a rule was asked and said nothing of is over."""
        if asked.verdicts is None:
            return  # nobody can say: whatever stands, stands
        told = {verdict.subject for verdict in asked.verdicts}
        for alert in asked.question.standing:
            if alert.state == "firing" and alert.details.get(SUBJECT, "") not in told:
                await self._tell(raising.over(alert, asked.question.brand, None, at))

    async def _tell(self, alert: Alert) -> None:
        await self._standing.keep(alert)
        _note(alert)

    async def _end_unwatched(self, held: Collection[str], at: datetime) -> None:
        """Resolve what nobody judges any more: its rule or its brand was taken out of the configuration."""
        for alert in self._standing.all():
            ours = alert.fingerprint == fingerprint(alert.rule, alert.brand, str(alert.details.get(SUBJECT, "")))
            here = alert.brand in held or alert.brand not in self._brands
            watched = any(rule.name == alert.rule for rule in self._walk.rules.get(alert.brand, ()))
            if alert.state == "firing" and ours and here and not watched:
                await self._tell(raising.ended(alert, self._brands.get(alert.brand), "unwatched", at))

    async def _look_at_networks(self, held: Collection[str], at: datetime) -> None:
        rule = self._config.alerts.source_trouble
        speaker = self._config.brands[0].name if self._config.brands else None
        if speaker not in held:
            return self._networks.forget_all_but(())
        statuses = self._sources() if rule.enabled else ()
        if statuses is None:
            return None  # not read yet: nothing is known, so nothing is over
        for alert in await networks.look(self._networks, statuses, rule.after, at):
            _note(alert)
        return None

    def _forget_all_but(self, held: Collection[str]) -> None:
        self._standing.forget_all_but(held)
        self._walk.forget_all_but(held)
        self._refreshing.forget_all_but(held)


def _note(alert: Alert) -> None:
    """Counted and logged; names of people do not belong into a log."""
    metrics.ALERTS.labels(alert.rule, alert.state).inc()
    log.info("%s: %s", alert.state, f"{alert.brand}: {alert.rule}" if WHO in alert.details else alert.title)
