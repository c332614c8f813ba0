"""Looks at the rules again and again, and raises and resolves alerts.

There is no state here that matters: what fires is known from the topic `alerts`, and the judgement is a function of the
ledger. So a crash, or the brand's move to another worker, neither raises an alert twice nor leaves one hanging.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

import msgspec
from aiokafka.errors import KafkaError

from config.schema import Brand, Config, VolumeSpike
from config.units import format_duration
from streams import metrics
from streams.alerting import networks, words
from streams.alerting.clock import EPOCH, from_ms, length_ms, to_ms
from streams.alerting.evidence import choose, still_true
from streams.alerting.standing import Known, Standing, fingerprint
from streams.alerting.volume import Question, Times, Verdict, judge
from streams.alerting.watching import watched_since
from streams.desk import Desk
from streams.records import Alert, SourceStatus
from streams.views.frame import Window

log = logging.getLogger(__name__)
RELEASE = 10.0
"""An alert goes on while the volume is less likely than so many times `p`: at the very edge it must not flap."""


class Alerting:
    """The alert rules of one worker. `now` is asked for once per look; `sources` are None while they are not read."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        publish: Callable[[Alert], Awaitable[None]],
        now: Callable[[], datetime],
        known: Known,
        sources: Callable[[], Sequence[SourceStatus] | None] = lambda: None,
    ) -> None:
        self._desk, self._config, self._now, self._sources = desk, config, now, sources
        self._standing = Standing(known, publish)
        self._networks = Standing(known, publish)
        self._brands = {brand.name: brand for brand in config.brands}
        self._rules = {brand.name: _rules(config, brand.name) for brand in config.brands}
        self._since: dict[str, datetime] = {}
        self._checked: dict[str, int] = {}

    async def run(self) -> None:
        """Look every `alerts.every` until cancelled."""
        await self._standing.ready()
        while True:
            if self._desk.ready():
                try:
                    await self.look()
                except KafkaError as error:
                    log.warning("an alert could not be published, trying again at the next look: %r", error)
            await asyncio.sleep(self._config.alerts.every.total_seconds())

    async def look(self) -> None:
        """Judge every brand held here, once. Raises `KafkaError`; what was not published is due at the next look."""
        now = self._now()
        at = now - (now - EPOCH) % self._config.alerts.every  # all workers look at the same moments
        held = set(self._desk.brands())
        self._forget_all_but(held)
        for name in sorted(held):
            try:
                await self._brand(self._brands[name], at)
            except KeyError:  # the desk's word for: it has just moved to another worker
                self._since.pop(name, None)
            await asyncio.sleep(0)  # others want the loop too
        await self._end_unwatched(held, at)
        await self._look_at_networks(held, at)

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

    async def _brand(self, brand: Brand, at: datetime) -> None:
        version = self._desk.version(brand.name)
        rules = self._rules[brand.name]
        if rules:
            oldest = at - max(rule.baseline + rule.hold + 2 * rule.window for rule in rules)
            times = self._desk.frame(brand.name).rows(Window(oldest, at)).time // 1_000
            if brand.name not in self._since:
                self._since[brand.name] = watched_since(self._desk, brand.name, oldest, at)
            for rule in rules:
                await self._judge(brand, rule, times, at)
        if self._checked.get(brand.name) != version:
            await self._refresh_quotes(brand.name)
            self._checked[brand.name] = version

    async def _judge(self, brand: Brand, rule: VolumeSpike, times: Times, at: datetime) -> None:
        standing = self._standing.get(fingerprint(rule.name, brand.name))
        verdict = judge(times, self._question(brand, rule, standing, at), rule.p)
        if verdict is None:
            return  # too little history: whatever stands, stands
        firing = standing is not None and standing.state == "firing"
        spike = verdict.count >= rule.min_posts and verdict.p_value < rule.p * (RELEASE if firing else 1)
        if spike and not firing:
            await self._tell(self._alert(brand, rule, verdict, at))
        elif standing is not None and firing and not spike:
            await self._tell(_calm(standing, brand, rule, verdict, at))

    def _question(self, brand: Brand, rule: VolumeSpike, standing: Alert | None, at: datetime) -> Question:
        # The time of the newest alert was not ordinary, neither while it goes on nor after.
        episode = standing and (to_ms(standing.started_at - rule.window), to_ms(standing.ended_at or at))
        return Question(
            now=to_ms(at),
            step=length_ms(self._config.alerts.every),
            window=length_ms(rule.window),
            baseline=length_ms(rule.baseline),
            hold=length_ms(rule.hold),
            since=to_ms(self._since[brand.name]),
            left_out=(episode,) if episode else (),
        )

    def _alert(self, brand: Brand, rule: VolumeSpike, verdict: Verdict, at: datetime) -> Alert:
        end = from_ms(verdict.end)
        return Alert(
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

    async def _tell(self, alert: Alert) -> None:
        await self._standing.keep(alert)
        _note(alert)

    async def _refresh_quotes(self, brand: str) -> None:
        """A post that is deleted or edited must not live on in an alert."""
        for alert in self._standing.all():
            if alert.brand == brand and alert.evidence:
                evidence = still_true(self._desk, alert)
                if evidence != alert.evidence:
                    await self._standing.keep(msgspec.structs.replace(alert, evidence=evidence))

    async def _end_unwatched(self, held: Collection[str], at: datetime) -> None:
        """Resolve what nobody judges any more: its rule or its brand was taken out of the configuration."""
        for alert in self._standing.all():
            ours = alert.fingerprint == fingerprint(alert.rule, alert.brand)
            here = alert.brand in held or alert.brand not in self._brands
            watched = any(rule.name == alert.rule for rule in self._rules.get(alert.brand, ()))
            if alert.state == "firing" and ours and here and not watched:
                title = words.unwatched(alert.brand)
                await self._tell(msgspec.structs.replace(alert, state="resolved", at=at, ended_at=at, title=title))

    def _forget_all_but(self, held: Collection[str]) -> None:
        self._standing.forget_all_but(held)
        for memory in (self._since, self._checked):
            for name in memory.keys() - set(held):
                del memory[name]


def _note(alert: Alert) -> None:
    metrics.ALERTS.labels(alert.rule, alert.state).inc()
    log.info("%s: %s", alert.state, alert.title)


def _rules(config: Config, brand: str) -> tuple[VolumeSpike, ...]:
    return tuple(rule for rule in config.alerts.volume_spike if not rule.brands or brand in rule.brands)


def _calm(standing: Alert, brand: Brand, rule: VolumeSpike, verdict: Verdict, at: datetime) -> Alert:
    return msgspec.structs.replace(
        standing,
        state="resolved",
        at=at,
        ended_at=at,
        title=words.calm(brand, rule, verdict.count, verdict.past.mean),
        value=verdict.count,
        baseline=verdict.past.mean,
        interval=verdict.past.interval(),
        p_value=verdict.p_value,
    )
