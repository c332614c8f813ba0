"""The real group coordinator as the directory of workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer

from config.schema import Config
from streams.admin import TopicSpec, ensure_topics
from streams.api.peers import LookupFailed, group_lookup
from streams.topics import Topics

PARTITIONS = 4
GROUP = "worker"


@pytest.fixture
async def config(kafka: str, namespace: str) -> Config:
    config = Config.model_validate({"namespace": namespace.lower()[:60], "kafka": {"bootstrap": kafka}})
    topics = Topics(config)
    await ensure_topics(kafka, [TopicSpec(topics.mentions, PARTITIONS), TopicSpec(topics.posts, 2)])
    return config


@pytest.fixture
async def members(kafka: str, config: Config) -> AsyncIterator[list[AIOKafkaConsumer]]:
    topics = Topics(config)
    joined = [
        AIOKafkaConsumer(
            topics.mentions,
            topics.posts,
            bootstrap_servers=kafka,
            group_id=f"{config.namespace}.{GROUP}",
            client_id=client,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=500,
        )
        for client in ("http://127.0.0.1:7001", "http://127.0.0.1:7002", "a-stranger")
    ]
    for member in joined:
        await member.start()
    yield joined
    for member in joined:
        await member.stop()


async def test_partitions_of_mentions_and_the_urls_that_hold_them(
    kafka: str, config: Config, members: list[AIOKafkaConsumer]
) -> None:
    lookup, mentions = group_lookup(kafka, config, f"{config.namespace}.{GROUP}"), Topics(config).mentions

    def held() -> list[set[int]]:
        return [{tp.partition for tp in m.assignment() if tp.topic == mentions} for m in members]

    while sum(map(len, held())) != PARTITIONS or not all(held()):  # until the group has settled on all three
        await asyncio.sleep(0.1)
    one, two, _stranger = held()
    expected = dict.fromkeys(one, "http://127.0.0.1:7001") | dict.fromkeys(two, "http://127.0.0.1:7002")
    assert dict(await lookup()) == expected
    assert len(expected) < PARTITIONS  # the stranger holds the rest, and is no worker
    await members.pop().stop()
    await members.pop().stop()
    while len(held()[0]) != PARTITIONS:
        await asyncio.sleep(0.1)
    assert dict(await lookup()) == dict.fromkeys(range(PARTITIONS), "http://127.0.0.1:7001")


async def test_a_group_without_members_holds_nothing(kafka: str, config: Config) -> None:
    assert await group_lookup(kafka, config, "nobody")() == {}


async def test_a_coordinator_that_is_away_is_said_to_be(config: Config) -> None:
    with pytest.raises(LookupFailed, match="Kafka does not say which worker holds what"):
        await group_lookup("127.0.0.1:9", config, GROUP)()
