"""The Faust application: it joins the worker group, is given partitions, and brings their records to the stages.

Faust here does what it does well (group membership, fetching, flow control) and nothing that was measured to be unsafe:
no tables, no trust in committed offsets (see `streams.stage` and docs/decisions/0006).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import faust

from config.schema import Config
from streams.faust_security import credentials
from streams.portions import PortionTransport, Whole
from streams.stage import Stage

log = logging.getLogger(__name__)
# Portions of each partition that may wait for a stage. A topic's partitions share one buffer; each is fetched no more
# once four fifths are full, and the fifth that is left holds what was under way: one topic never holds up the other, as
# long as the topics have as many partitions as configured, which `ensure_topics` sees to.
BUFFERED: Final = 5


def group_of(config: Config) -> str:
    """The consumer group of the workers."""
    return f"{config.namespace}.worker"


def make_app(config: Config, bootstrap: str, worker_id: str, url: str) -> faust.App:
    """A Faust app without web server, tables or topics of its own making.

    `url` becomes the Kafka client id, so that every worker can learn from the group itself where the others listen.
    `worker_id` is the static membership: a worker that is back within the session time-out gets its partitions at once.
    """
    app = faust.App(
        id=group_of(config),
        broker=";".join(f"kafka://{address}" for address in bootstrap.split(",")),
        broker_client_id=url,
        broker_credentials=credentials(config.kafka),
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        broker_request_timeout=30.0,
        broker_max_poll_records=500,
        broker_max_poll_interval=600.0,
        broker_commit_interval=1.0,
        consumer_group_instance_id=worker_id,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFERED * max(config.kafka.posts_partitions, config.kafka.brand_partitions),
        stream_wait_empty=False,  # the stages know what they have applied; nothing has to be waited for
        stream_recovery_delay=0.0,
        store="memory://",
        datadir=str(config.data_dir / "faust"),  # else it makes an empty folder wherever it was started
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        autodiscover=False,
        value_serializer="raw",
        key_serializer="raw",
        ConsumerScheduler=Whole,
    )
    app.transport = PortionTransport(app.conf.broker_consumer, app)
    return app


class Feed:
    """Connects the app's records and rebalances with the stages."""

    def __init__(self, app: faust.App, stages: Mapping[str, Stage]) -> None:
        self.app, self._stages = app, stages
        self.assigned = False
        for topic, stage in stages.items():
            self._agent(topic, stage)
        app.on_partitions_assigned.connect(self._on_assigned, weak=False)  # type: ignore[arg-type] # wants its own type

    def _agent(self, topic: str, stage: Stage) -> None:
        channel = self.app.topic(topic, value_type=bytes, allow_empty=True)

        # A name of its own: Faust would derive one from this module's path.
        @self.app.agent(channel, name=f"{self.app.conf.id}.{topic}")
        async def bring(stream: Any) -> None:
            # No `yield`: an agent that yields is run through a second generator, a third slower.
            async for event in stream.noack().events():
                await stage.offer(event.message.partition, event.value, event.ack)

    async def _on_assigned(self, _sender: Any, *args: Any, **_: Any) -> None:
        (assigned,) = args
        wanted: dict[str, list[int]] = {topic: [] for topic in self._stages}
        for tp in assigned:
            wanted[tp.topic].append(tp.partition)
        log.info("partitions held: %s", {topic: sorted(partitions) for topic, partitions in wanted.items()})
        for topic, stage in self._stages.items():
            await stage.assign(wanted[topic])
        self.assigned = True
