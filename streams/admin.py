"""Administration of any Kafka cluster: topics, offsets, lag, members. kafka-python's blocking client, run in threads.

`security` is kafka-python's own keywords (`security_protocol`, `sasl_*`, `ssl_*`), passed through as they are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    BrokerResponseError,
    KafkaConfigurationError,
    KafkaError,
    RetriableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

log = logging.getLogger(__name__)
# Faust's subscription carries its own assignor's data, which kafka-python cannot read and nobody here needs; without
# this each look at the group would log it, whole, per member. The assignment itself it reads.
logging.getLogger("kafka.admin._groups").addFilter(lambda record: "member_metadata" not in record.getMessage())

T = TypeVar("T")
Partition = tuple[str, int]
"""(topic, partition number)."""

ATTEMPT_MS = 2_000  # one try of wait_until_ready
VISIBLE_S = 10.0  # for a changed setting to reach every broker


class AdminError(RuntimeError):
    """The cluster refuses, or does not have, what was asked for; the message names it."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic has to be. `config`: Kafka's own topic settings; those not named keep the cluster's defaults."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    replication: int = 1


class GroupMember(NamedTuple):
    """One live consumer of a group and the partitions it holds."""

    client_id: str
    host: str
    partitions: list[Partition]


class Admin:
    """A connection for administration: `async with Admin(bootstrap) as admin`. It outlives a restart of the broker.

    Every method raises AdminError for what the cluster refuses, and kafka.errors.KafkaError when it cannot be reached
    within `timeout_s`.
    """

    def __init__(self, bootstrap: str, security: Mapping[str, Any] | None = None, *, timeout_s: float = 30.0) -> None:
        self._settings = {
            **(security or {}),
            "bootstrap_servers": bootstrap.split(","),
            "client_id": "tertulia-admin",
            "bootstrap_timeout_ms": int(timeout_s * 1_000),
        }
        self._turn, self._patience_s = asyncio.Lock(), timeout_s

    async def __aenter__(self) -> Self:
        self._client = await asyncio.to_thread(lambda: KafkaAdminClient(**self._settings))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._client.close)

    async def cluster_id(self) -> str:
        """The cluster's own id; a metadata request that an unready broker does not answer."""
        cluster = await self._call(self._client.describe_cluster)
        if not cluster["brokers"]:
            raise AdminError("the cluster has no live broker yet")
        return str(cluster["cluster_id"])

    async def topics(self) -> dict[str, int]:
        """Every topic and its number of partitions."""
        found = await self._call(self._client.describe_topics)
        return {topic["name"]: len(topic["partitions"]) for topic in found}

    async def ensure_topics(self, specs: Iterable[TopicSpec]) -> None:
        """Create the missing topics and set differing settings; wait until every partition has its leader.

        An existing topic with another number of partitions is an AdminError: keys would change their partition.
        """
        wanted = {spec.name: spec for spec in specs}
        there = await self.topics()
        missing = [spec for name, spec in wanted.items() if name not in there]
        if missing:
            await self._call(self._create, missing)
            there = await self.topics()
        for spec in wanted.values():
            _check_partitions(spec, there[spec.name])
        await self._alter([spec for spec in wanted.values() if spec not in missing])

    def _create(self, specs: list[TopicSpec]) -> None:
        requests = {
            s.name: {"num_partitions": s.partitions, "replication_factor": s.replication, "configs": dict(s.config)}
            for s in specs
        }
        response = self._client.create_topics(requests, raise_errors=False)
        for topic in response["topics"]:
            error = for_code(topic["error_code"])
            # Another process may have been quicker; what it made is compared like any other existing topic.
            if topic["error_code"] and error is not TopicAlreadyExistsError:
                raise AdminError(f"cannot create topic {topic['name']}: {topic.get('error_message') or error.__name__}")
        self._client.wait_for_topics(list(requests), timeout_ms=30_000)

    async def topic_configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Per topic every setting in force, defaults included."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        if not asked:
            return {}
        found = (await self._call(self._client.describe_configs, asked, config_filter="all"))["topic"]
        return {name: {key: entry["value"] for key, entry in found[name].items()} for name in found}

    async def _alter(self, specs: list[TopicSpec]) -> None:
        for name, changes in (await self._differences(specs)).items():
            await self._set(name, changes)
        # The controller has accepted it; the brokers hear of it a moment later.
        deadline = time.monotonic() + VISIBLE_S
        while differing := await self._differences(specs):
            if time.monotonic() > deadline:
                raise AdminError(f"the cluster accepted settings, but does not show them as given: {differing}")
            await asyncio.sleep(0.05)

    async def _differences(self, specs: list[TopicSpec]) -> dict[str, dict[str, str]]:
        current = await self.topic_configs(spec.name for spec in specs)
        found = {s.name: {k: v for k, v in s.config.items() if current[s.name].get(k) != v} for s in specs}
        return {name: changes for name, changes in found.items() if changes}

    async def _set(self, topic: str, changes: dict[str, str]) -> None:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, changes)
        response = await self._call(self._client.alter_configs, [resource], raise_on_unknown=False)
        if (result := response["topic"][topic]) != "OK":
            raise AdminError(f"cannot set {changes} of topic {topic}: {result}")

    async def delete_topics(self, names: Iterable[str]) -> None:
        """Delete topics; one that is not there is no error."""
        response = await self._call(self._client.delete_topics, list(names), raise_errors=False)
        for topic in response["topics"]:
            error = for_code(topic["error_code"])
            if topic["error_code"] and error is not UnknownTopicOrPartitionError:
                raise AdminError(f"cannot delete topic {topic['name']}: {error.__name__}")

    async def end_offsets(self, topics: Iterable[str]) -> dict[Partition, int]:
        """Per partition of `topics` the offset that the next record will get."""
        return await self._offsets(topics, OffsetSpec.LATEST)

    async def begin_offsets(self, topics: Iterable[str]) -> dict[Partition, int]:
        """Per partition of `topics` the offset of the oldest record still there."""
        return await self._offsets(topics, OffsetSpec.EARLIEST)

    async def _offsets(self, topics: Iterable[str], spec: OffsetSpec) -> dict[Partition, int]:
        there = await self.topics()
        names = list(topics)
        absent = [name for name in names if name not in there]
        if absent:
            raise AdminError(f"no such topic: {', '.join(absent)}")
        asked = {TopicPartition(name, number): spec for name in names for number in range(there[name])}
        found = await self._call(self._client.list_partition_offsets, asked) if asked else {}
        return {(tp.topic, tp.partition): at.offset for tp, at in found.items()}

    async def forget_before(self, topic: str, partition: int, offset: int) -> None:
        """Drop every record before `offset`; what is gone already is no error."""
        asked = {TopicPartition(topic, partition): offset}
        await self._call(self._client.delete_records, asked)

    async def committed(self, group: str) -> dict[Partition, int]:
        """The offsets that `group` has committed; a partition without a commit is absent."""
        found = (await self._call(self._client.list_group_offsets, group))[group]
        return {(tp.topic, tp.partition): at.offset for tp, at in found.items() if at.offset >= 0}

    async def group_lag(self, group: str) -> dict[Partition, int]:
        """How many records `group` has still to commit, per partition that it has ever committed."""
        committed = await self.committed(group)
        # A deleted topic's commits stay for a while; nothing is left to read there.
        alive = await self.topics()
        ends = await self.end_offsets({topic for topic, _ in committed if topic in alive})
        return {at: max(0, ends[at] - offset) for at, offset in committed.items() if at in ends}

    async def group_members(self, group: str) -> list[GroupMember]:
        """The live members of `group`; empty when it has none, or does not exist."""
        found = (await self._call(self._client.describe_groups, [group]))[group]
        return [
            GroupMember(member["client_id"], member["client_host"].lstrip("/"), _assigned(member["member_assignment"]))
            for member in found["members"]
        ]

    async def _call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        # In turns: the client of 3.0.12 fails when its first requests run at once, before it is connected.
        async with self._turn:
            deadline = time.monotonic() + self._patience_s
            while True:
                try:
                    return await asyncio.to_thread(function, *args, **kwargs)
                except RetriableError as error:  # a broker that restarts; every call here may be repeated
                    if time.monotonic() > deadline:
                        raise
                    log.debug("asking again: %s", error)
                except BrokerResponseError as error:
                    raise AdminError(f"{type(error).__name__}: {error}") from error
                await asyncio.sleep(0.2)


def _check_partitions(spec: TopicSpec, found: int) -> None:
    if found != spec.partitions:
        raise AdminError(
            f"topic {spec.name} has {found} partitions, but {spec.partitions} are configured. Keys would move to other "
            f"partitions: set the number back to {found}, or use another namespace and replay"
        )


def _assigned(assignment: Mapping[str, Any] | None) -> list[Partition]:
    topics = assignment["assigned_partitions"] if assignment else []
    return sorted((topic["topic"], number) for topic in topics for number in topic["partitions"])


async def ensure_topics(bootstrap: str, specs: Iterable[TopicSpec], security: Mapping[str, Any] | None = None) -> None:
    """`Admin.ensure_topics` over a connection of its own."""
    async with Admin(bootstrap, security) as admin:
        await admin.ensure_topics(specs)


async def wait_until_ready(bootstrap: str, timeout_s: float, security: Mapping[str, Any] | None = None) -> str:
    """Wait until the cluster answers a metadata request with a live broker; its cluster id. Else AdminError.

    It is asked at least once, so a timeout of 0 means "now or never".
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            async with Admin(bootstrap, security, timeout_s=ATTEMPT_MS / 1_000) as admin:
                return await admin.cluster_id()
        except KafkaConfigurationError as error:  # no waiting mends it
            raise AdminError(f"kafka.security: {error}") from error
        except (KafkaError, AdminError, OSError) as error:
            if time.monotonic() > deadline:
                raise AdminError(f"Kafka at {bootstrap} does not answer within {timeout_s:g} s: {error}") from error
        await asyncio.sleep(0.1)
