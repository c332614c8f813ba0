"""One worker: match, ledger, views, alert rules and API in one process. Several workers share the partitions.

Life cycle: producer and index -> API binds (it says `not ready`) -> Faust joins the group -> partitions are recovered
-> ready -> SIGTERM or the death of a part -> everything is let go in the reverse order.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.types import TP

import classifiers
from classifiers.base import Classifier
from config.inlets import inlets_of
from config.schema import Config
from streams import metrics
from streams import topics as topic_map
from streams.alerting.engine import Alerting
from streams.alerting.links import circles_in, voices_of
from streams.alerting.silences import SilenceTopic, TailSilences
from streams.alerting.silencing import Clearing
from streams.alerting.topic import AlertTopic, TailAlerts
from streams.api import ApiServer
from streams.api.circles import CircleRoom
from streams.api.forget import ForgetRoutes, Others
from streams.api.ingest import Ingest
from streams.api.peers import Peers, everyone_lookup, group_lookup
from streams.api.silence_routes import SilenceRoutes
from streams.app import Feed, group_of, make_app
from streams.audit import Audit
from streams.forgetting import Applied, Forgetting
from streams.kafka import producer
from streams.ledger import LedgerPartition
from streams.letters import DeadLetters
from streams.local_desk import LocalDesk
from streams.log import LogReader
from streams.match import Matcher
from streams.membership import Membership
from streams.outbox import Outbox, Send
from streams.rebuild import rebuilder
from streams.records import Alert, SourceStatus
from streams.sources_tail import SourcesTail
from streams.stage import Stage
from streams.steady import SteadyProducer
from streams.store import Store
from streams.sweep import Sweep
from streams.tail import Tail
from streams.tasks import Tasks
from streams.terms import Terms
from streams.whereabouts import Whereabouts

log = logging.getLogger(__name__)
Recover = Callable[[Matcher], Awaitable[int]]
MEASURE_S = 5.0
START_AGAIN_S = 1.0
LEDGER_S = 0.2
SWITCH_S = 0.0005  # after each send or receive the loop waits so long for a thread that answers; Python's own: 5 ms
ROLL_S = 3_600.0  # as `segment.ms`
ROLL_KEY = b"\x00roll"  # the key of no post and of no entry


class WorkerFailed(RuntimeError):
    """A part of the worker died; it has to be started again."""


async def run_worker(config: Config, bootstrap: str) -> None:
    """Run until cancelled. Raises `WorkerFailed` when a part dies, `CannotListen` for a busy port."""
    sys.setswitchinterval(SWITCH_S)
    while True:
        try:
            async with AsyncExitStack() as stack:
                worker = await Worker.start(config, bootstrap, stack)
                await worker.failed.wait()
                raise WorkerFailed(worker.reason)
        except KafkaError as error:  # it went away while we were starting; once started, every part waits by itself
            log.warning("Kafka is away: %s; starting again", str(error) or repr(error))
            await asyncio.sleep(START_AGAIN_S)


class Worker:
    """The parts of a running worker."""

    def __init__(self, config: Config, bootstrap: str) -> None:
        self.config, self.bootstrap = config, bootstrap
        self.topics = topic_map.Topics(config)
        self.state = config.data_dir / "state"
        self.failed = asyncio.Event()
        self.reason = ""
        self.tasks = Tasks(self.fail)
        self.reader = LogReader(bootstrap, config.kafka)
        self.terms = Terms(config.brands)
        self.desk = LocalDesk(config, lambda: self.feed is not None and self.feed.assigned)
        self.feed: Feed | None = None
        self._stages: Sequence[Stage] = ()

    def fail(self, error: BaseException) -> None:
        """A part died: remember why, and end."""
        self.reason = f"{type(error).__name__}: {error}"
        self.failed.set()

    @classmethod
    async def start(cls, config: Config, bootstrap: str, stack: AsyncExitStack) -> Worker:
        """Start every part; `stack` stops them in the reverse order."""
        worker = cls(config, bootstrap)
        await worker._start_log(stack)
        classifier = classifiers.configured(config.classifiers.sentiment)
        stack.push_async_callback(classifier.close)
        url = await worker._start_api(stack, classifier)
        await worker._start_stages(stack, classifier, url)
        return worker

    async def _start_log(self, stack: AsyncExitStack) -> None:
        """The producer, and the tails that every worker follows."""
        kafka = self.config.kafka
        self.producer = SteadyProducer(lambda: producer(self.bootstrap, kafka))
        await self.producer.start()
        stack.push_async_callback(self.producer.stop)
        stack.push_async_callback(self.tasks.stop)
        self.outbox, self.letters = Outbox(self.producer), DeadLetters(self.producer, self.topics)
        self.whereabouts = Whereabouts(self.state / "whereabouts", self._touched)
        stack.callback(self.whereabouts.close)
        self.index = Tail(
            self.bootstrap,
            kafka,
            self.topics.ledger,
            self.whereabouts.apply,
            lambda partition: self.whereabouts.position(partition) + 1,
        )
        self.sources = SourcesTail()
        self.alerts = TailAlerts(self.bootstrap, self.config)
        self.silences = TailSilences(self.bootstrap, self.config)
        self.tasks.start(self.index.run(), "index of the ledger")
        self.cursors = Tail(self.bootstrap, kafka, self.topics.cursors, self.sources.apply)
        self.tasks.start(self.cursors.run(), "tail of cursors")
        self.tasks.start(self.alerts.run(), "tail of alerts")
        self.tasks.start(self.silences.run(), "tail of silences")

    async def _start_api(self, stack: AsyncExitStack, classifier: Classifier) -> str:
        lookup = group_lookup(self.bootstrap, self.config, group_of(self.config))
        peers = Peers(lookup, self.config.kafka.brand_partitions)
        stack.push_async_callback(peers.stop)
        api = ApiServer(
            self.desk,
            self.config,
            peers,
            self.sources.statuses,
            self._recent_alerts,
            classifier.confusion,
            self._ingest(),
            self._forget(stack, lambda: api.advertised),
            self._silencing(),
        )
        await api.start()
        stack.push_async_callback(api.stop)
        log.info("API on %s", api.url)
        return api.advertised

    def _ingest(self) -> Ingest | None:
        """What `/ingest` answers; without an inlet there is no such route."""
        inlets = inlets_of(self.config)
        if not inlets:
            return None
        return Ingest(inlets, lambda key, value: self.producer.send(self.topics.inbox, value, key, partition=0), now)

    def _forget(self, stack: AsyncExitStack, me: Callable[[], str]) -> ForgetRoutes:
        """What `/api/forget` answers, with a look at all workers: some hold no brand."""
        peers = Peers(everyone_lookup(self.bootstrap, self.config, group_of(self.config)), 1)
        stack.push_async_callback(peers.stop)
        elsewhere = Others(peers, me).applied
        forgetting = Forgetting(self.topics, self.outbox.deliver, self.reader.end, self._applied, elsewhere)
        return ForgetRoutes(forgetting, Audit(self.config.data_dir), self._applied, now)

    def _recent_alerts(self) -> Sequence[Alert]:
        return self.alerts.recent(now())

    def _silencing(self) -> SilenceRoutes:
        """What `/api/silences` answers, and the clearing away of what is long over."""
        topic = SilenceTopic(self.producer, self.config)
        self.tasks.start(Clearing(self.silences, self.alerts, topic.remove, now).run(), "clearing of silences")
        audit = Audit(self.config.data_dir)
        return SilenceRoutes(self.silences, topic.publish, self._recent_alerts, audit, now)

    def _applied(self) -> Applied:
        return {stage.topic: {n: worker.applied for n, worker in stage.workers.items()} for stage in self._stages}

    async def _start_stages(self, stack: AsyncExitStack, classifier: Classifier, url: str) -> None:
        recover = rebuilder(self.config, self.reader, group_of(self.config), self._ledger_live)
        matching = Stage(self.topics.posts, lambda n: self._matcher(n, classifier, recover), self.reader, self.fail)
        ledger = Stage(self.topics.mentions, self._ledger, self.reader, self.fail)
        self._stages = (matching, ledger)
        self.desk.attach(ledger)
        await self._unless_failed(self.index.caught_up.wait())  # quotes and reposts are looked up in it
        app = make_app(self.config, self.bootstrap, worker_id(self.config.data_dir), url)
        self.feed = Feed(app, {ledger.topic: ledger, matching.topic: matching})  # the ledger's partitions open first
        for stage in self._stages:
            stack.push_async_callback(stage.stop)
        stack.push_async_callback(app.stop)
        await app.start()
        self.tasks.start(self._watch(app), "Faust")
        self.tasks.start(self._roll(), "rolling of segments")
        sweep = Sweep(self.topics, self.reader, self.outbox, lambda: matching.workers)
        self.tasks.start(sweep.run(), "sweeping of erased authors")
        self.tasks.start(self._measure(app), "measuring of lag")
        self.tasks.start(self._alerting(stack, classifier, url).run(), "alert rules")

    def _alerting(self, stack: AsyncExitStack, classifier: Classifier, url: str) -> Alerting:
        """The rules, with the circles behind an alert, and the other workers' brands for shares of voice."""
        peers = Peers(group_lookup(self.bootstrap, self.config, group_of(self.config)), self.topics.brand_partitions)
        stack.push_async_callback(peers.stop)
        room = CircleRoom(self.desk, self.config, now)
        stack.push_async_callback(room.stop)
        return Alerting(
            self.desk,
            self.config,
            AlertTopic(self.producer, self.config).publish,
            now,
            self.alerts,
            self._known_sources,
            classifier.confusion,
            voices_of(peers, self.config, lambda: url),
            circles_in(room),
        )

    def _matcher(self, partition: int, classifier: Classifier, recover: Recover) -> Matcher:
        store = Store(self.state / f"posts-{partition}")
        ledger = self.config.ledger
        keep_ms, keep_text_ms = (round(d.total_seconds() * 1_000) for d in (ledger.retention, ledger.text_retention))
        membership = Membership(store, self.terms, self.whereabouts.lookup, self.config.match, keep_ms, keep_text_ms)
        return Matcher(
            partition, self.config, membership, store, self.terms, classifier, self.outbox, self.letters, recover
        )

    def _ledger(self, partition: int) -> LedgerPartition:
        path = self.state / f"mentions-{partition}"
        held = LedgerPartition(partition, self.config, path, self.reader, self.outbox, self.letters, self.desk.note)
        self.desk.partitions[partition] = held
        return held

    def _known_sources(self) -> Sequence[SourceStatus] | None:
        return self.sources.statuses() if self.cursors.caught_up.is_set() else None

    async def _ledger_live(self) -> None:
        """Returns once the ledger partitions held here are recovered."""
        while not self._stages[1].live():  # noqa: ASYNC110 - partitions come and go while we wait, so no one event tells
            await asyncio.sleep(LEDGER_S)

    def _touched(self, post_ids: Sequence[str]) -> None:
        """The index learnt that posts gained or lost a brand: their quotes and reposts are judged again."""
        if self._stages:
            self._stages[0].touch(post_ids)

    async def _roll(self) -> None:
        """Kafka compacts a segment only after it has rolled, and rolls only when something is appended. So every
        partition held gets a tombstone of nothing now and then, or a deleted text could stay in a quiet one."""
        while True:
            for stage in self._stages:
                sends: list[Send] = [(partition, ROLL_KEY, None) for partition in stage.workers]
                try:
                    await self.outbox.deliver(stage.topic, sends)
                    beside = self.topics.ledger if stage.topic == self.topics.mentions else self.topics.erasures
                    await self.outbox.deliver(beside, sends)
                except KafkaError as error:
                    log.warning("could not roll %s: %s; the next turn will", stage.topic, error)
            await self._roll_inbox()
            await asyncio.sleep(ROLL_S)

    async def _roll_inbox(self) -> None:
        """The same for the inbox, which nobody holds: what the collector has taken from it leaves the disk so."""
        try:
            await self.outbox.deliver(self.topics.inbox, [(0, ROLL_KEY, None)])
        except KafkaError as error:
            log.warning("could not roll %s: %s; the next turn will", self.topics.inbox, error)

    async def _measure(self, app: faust.App) -> None:
        """Tell /metrics how far each partition is behind the end of its log."""
        while True:
            for stage in self._stages:
                metrics.PARTITIONS.labels(stage.topic).set(len(stage.workers))
                for number, worker in stage.workers.items():
                    end = app.consumer.highwater(TP(stage.topic, number)) or 0
                    metrics.LAG.labels(stage.topic, str(number)).set(max(0, end - 1 - worker.applied))
            await asyncio.sleep(MEASURE_S)

    async def _watch(self, app: faust.App) -> None:
        await app.wait_until_stopped()
        if app.crash_reason is not None:
            raise app.crash_reason

    async def _unless_failed(self, work: Coroutine[Any, Any, Any]) -> None:
        """Wait for something that never comes when a part has died."""
        waits = [asyncio.ensure_future(work), asyncio.ensure_future(self.failed.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self.failed.is_set():
            raise WorkerFailed(self.reason)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def worker_id(data_dir: Path) -> str:
    """This worker's own name, the same after every start: one data directory is one member of the group."""
    path = data_dir / "worker-id"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"worker-{uuid.uuid4()}", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
