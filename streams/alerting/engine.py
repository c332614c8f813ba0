"""Looks at the rules again and again, and raises and resolves alerts.

There is no state here that matters: what fires is known from the topic `alerts`, and the judgement is a function of the
ledger. So a crash, or the brand's move to another worker, neither raises an alert twice nor leaves one hanging.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from aiokafka.errors import KafkaError

from config.schema import Brand, Config, VolumeSpike
from config.units import format_duration
from streams import metrics
from streams.alerting import words
from streams.alerting.clock import EPOCH, from_ms, length_ms, to_ms
from streams.alerting.evidence import choose, still_true
from streams.alerting.volume import Question, Span, Verdict, judge
from streams.alerting.watching import watched_since
from streams.desk import Desk
from streams.records import Alert

log = logging.getLogger(__name__)
RELEASE = 10.0
"""An alert goes on while the volume is less likely than so many times `p`: at the very edge it must not flap."""


class Known(Protocol):
    """The newest alert of every fingerprint, from the topic `alerts` (`streams.alerting.topic.TailAlerts`)."""

    async def ready(self) -> None:
        """Returns once everything that stood in the topic at the start is known."""

    def get(self, fingerprint: str) -> Alert | None:
        """The newest alert with this fingerprint."""

    def all(self) -> Collection[Alert]:
        """The newest alert of every fingerprint."""


def fingerprint(rule: str, brand: str) -> str:
    """The same for the same rule and brand, for ever."""
    return hashlib.sha256(f"volume-spike\x00{rule}\x00{brand}".encode()).hexdigest()[:16]


class Alerting:
    """The alert rules of one worker."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        publish: Callable[[Alert], Awaitable[None]],
        now: Callable[[], datetime],
        known: Known,
    ) -> None:
        self._desk, self._config, self._publish, self._now, self._known = desk, config, publish, now, known
        self._brands = {brand.name: brand for brand in config.brands}
        self._mine: dict[str, Alert] = {}  # published, but not yet come back through `known`
        self._since: dict[str, datetime] = {}
        self._checked: dict[str, int] = {}

    async def run(self) -> None:
        """Look every `alerts.every` until cancelled."""
        await self._known.ready()
        while True:
            if self._desk.ready():
                await self._look_or_log()
            await asyncio.sleep(self._config.alerts.every.total_seconds())

    async def look(self) -> None:
        """Judge every brand held here, once. Raises `KafkaError`; what was not published is due at the next look."""
        at = self._on_grid(self._now())
        held = set(self._desk.brands())
        self._forget(held)
        for name in sorted(held):
            try:
                await self._brand(self._brands[name], at)
            except KeyError:  # the desk's word for: it has just moved to another worker
                self._since.pop(name, None)
            await asyncio.sleep(0)  # others want the loop too
        await self._end_unwatched(held, at)

    async def _look_or_log(self) -> None:
        try:
            await self.look()
        except KafkaError as error:
            log.warning("an alert could not be published, trying again at the next look: %r", error)

    async def _brand(self, brand: Brand, at: datetime) -> None:
        version = self._desk.version(brand.name)
        for rule in self._rules(brand.name):
            verdict = self._verdict(brand.name, rule, at)
            if verdict is not None:
                await self._apply(brand, rule, verdict, at)
        if self._checked.get(brand.name) != version:
            await self._refresh_quotes(brand.name)
            self._checked[brand.name] = version

    def _rules(self, brand: str) -> Iterator[VolumeSpike]:
        return (rule for rule in self._config.alerts.volume_spike if not rule.brands or brand in rule.brands)

    def _verdict(self, brand: str, rule: VolumeSpike, at: datetime) -> Verdict | None:
        question = Question(
            now=to_ms(at),
            step=length_ms(self._config.alerts.every),
            window=length_ms(rule.window),
            baseline=length_ms(rule.baseline),
            hold=length_ms(rule.hold),
            since=to_ms(self._watched_since(brand, at)),
            left_out=self._episode(fingerprint(rule.name, brand), rule, at),
        )
        return judge(self._desk.frame(brand).times(), question, rule.p)

    def _watched_since(self, brand: str, at: datetime) -> datetime:
        if brand not in self._since:
            longest = max(rule.baseline + rule.hold + 2 * rule.window for rule in self._rules(brand))
            self._since[brand] = watched_since(self._desk, brand, at - longest, at)
        return self._since[brand]

    def _episode(self, key: str, rule: VolumeSpike, at: datetime) -> tuple[Span, ...]:
        """The times of the newest alert: they were not ordinary."""
        alert = self._current(key)
        if alert is None:
            return ()
        return ((to_ms(alert.started_at - rule.window), to_ms(alert.ended_at or at)),)

    async def _apply(self, brand: Brand, rule: VolumeSpike, verdict: Verdict, at: datetime) -> None:
        current = self._current(fingerprint(rule.name, brand.name))
        firing = current is not None and current.state == "firing"
        spike = verdict.count >= rule.min_posts and verdict.p_value < rule.p * (RELEASE if firing else 1)
        if spike and not firing:
            await self._raise(brand, rule, verdict, at)
        elif firing and not spike:
            assert current is not None
            await self._resolve(current, words.calm(brand, rule, verdict.count, verdict.past.mean), at, verdict)

    async def _raise(self, brand: Brand, rule: VolumeSpike, verdict: Verdict, at: datetime) -> None:
        end = from_ms(verdict.end)
        alert = Alert(
            fingerprint=fingerprint(rule.name, brand.name),
            rule=rule.name,
            brand=brand.name,
            state="firing",
            started_at=end,
            at=at,
            title=words.spike(brand, rule, verdict.count, verdict.past.mean),
            value=verdict.count,
            baseline=verdict.past.mean,
            interval=verdict.past.interval(),
            p_value=verdict.p_value,
            window=format_duration(rule.window),
            evidence=choose(self._desk, brand.name, end - rule.window, end),
        )
        await self._tell(alert)

    async def _resolve(self, alert: Alert, title: str, at: datetime, verdict: Verdict | None = None) -> None:
        changes = (
            {}
            if verdict is None
            else {
                "value": verdict.count,
                "baseline": verdict.past.mean,
                "interval": verdict.past.interval(),
                "p_value": verdict.p_value,
            }
        )
        await self._tell(msgspec.structs.replace(alert, state="resolved", at=at, ended_at=at, title=title, **changes))

    async def _tell(self, alert: Alert) -> None:
        await self._keep(alert)
        metrics.ALERTS.labels(alert.rule, alert.state).inc()
        log.info("%s: %s", alert.state, alert.title)

    async def _keep(self, alert: Alert) -> None:
        await self._publish(alert)
        self._mine[alert.fingerprint] = alert

    async def _refresh_quotes(self, brand: str) -> None:
        """A post that is deleted or edited must not live on in an alert."""
        for alert in self._all():
            if alert.brand == brand and alert.evidence:
                evidence = still_true(self._desk, alert)
                if evidence != alert.evidence:
                    await self._keep(msgspec.structs.replace(alert, evidence=evidence))

    async def _end_unwatched(self, held: Collection[str], at: datetime) -> None:
        """Resolve what nobody judges any more: its rule or its brand was taken out of the configuration."""
        for alert in self._all():
            ours = alert.fingerprint == fingerprint(alert.rule, alert.brand)
            here = alert.brand in held or alert.brand not in self._brands
            watched = alert.brand in self._brands and alert.rule in {rule.name for rule in self._rules(alert.brand)}
            if alert.state == "firing" and ours and here and not watched:
                await self._resolve(alert, words.unwatched(alert.brand), at)

    def _current(self, key: str) -> Alert | None:
        known, mine = self._known.get(key), self._mine.get(key)
        if known is None or mine is None:
            return known or mine
        if known == mine or known.at > mine.at:
            del self._mine[key]
            return known
        return mine

    def _all(self) -> list[Alert]:
        keys = {alert.fingerprint for alert in self._known.all()} | set(self._mine)
        found = (self._current(key) for key in sorted(keys))
        return [alert for alert in found if alert is not None]

    def _forget(self, held: Collection[str]) -> None:
        """What was learnt about brands that have moved away."""
        self._mine = {key: alert for key, alert in self._mine.items() if alert.brand in held}
        for memory in (self._since, self._checked):
            for name in memory.keys() - set(held):
                del memory[name]

    def _on_grid(self, at: datetime) -> datetime:
        """The last multiple of `alerts.every`: all workers look at the same moments."""
        every: timedelta = self._config.alerts.every
        return at - (at - EPOCH) % every
