"""Administration, against a real broker."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.admin import Admin, AdminError, TopicSpec, ensure_topics, wait_until_ready


async def test_several_processes_may_ensure_the_same_topics_at_once(kafka: str, namespace: str) -> None:
    specs = [TopicSpec(f"{namespace}.{i}", 2, {"cleanup.policy": "compact"}) for i in range(5)]
    await asyncio.gather(*(ensure_topics(kafka, specs) for _ in range(4)))
    async with Admin(kafka) as admin:
        found = await admin.topics()
        assert [found[spec.name] for spec in specs] == [2] * 5
        configs = await admin.topic_configs([spec.name for spec in specs])
    assert {config["cleanup.policy"] for config in configs.values()} == {"compact"}


async def test_only_what_differs_is_altered_and_the_rest_stays(kafka: str, namespace: str) -> None:
    name = f"{namespace}.t"
    await ensure_topics(kafka, [TopicSpec(name, 1, {"cleanup.policy": "compact", "segment.ms": "60000"})])
    await ensure_topics(kafka, [TopicSpec(name, 1, {"segment.ms": "90000"})])
    async with Admin(kafka) as admin:
        config = (await admin.topic_configs([name]))[name]
    assert (config["cleanup.policy"], config["segment.ms"]) == ("compact", "90000")


async def test_a_wrong_setting_is_named(kafka: str, namespace: str) -> None:
    name = f"{namespace}.t"
    with pytest.raises(AdminError, match=rf"{name}.*segment\.ms"):
        await ensure_topics(kafka, [TopicSpec(name, 1, {"segment.ms": "soon"})])
    await ensure_topics(kafka, [TopicSpec(name, 1)])
    with pytest.raises(AdminError, match=rf"{name}.*segment\.ms|segment\.ms.*{name}"):
        await ensure_topics(kafka, [TopicSpec(name, 1, {"segment.ms": "soon"})])


async def test_other_partitions_than_configured_are_an_error_with_both_numbers(kafka: str, namespace: str) -> None:
    name = f"{namespace}.t"
    await ensure_topics(kafka, [TopicSpec(name, 2)])
    with pytest.raises(AdminError, match=f"{name} has 2 partitions, but 8 are configured"):
        await ensure_topics(kafka, [TopicSpec(name, 8)])


async def test_more_copies_than_brokers_are_refused(kafka: str, namespace: str) -> None:
    with pytest.raises(AdminError, match=f"cannot create topic {namespace}"):
        await ensure_topics(kafka, [TopicSpec(f"{namespace}.t", 1, replication=99)])


async def test_nothing_to_ensure_is_fine(kafka: str) -> None:
    await ensure_topics(kafka, [])


async def test_lag_counts_what_is_not_committed(kafka: str, namespace: str) -> None:
    name, group = f"{namespace}.t", f"{namespace}.g"
    await ensure_topics(kafka, [TopicSpec(name, 2)])
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for _ in range(10):
        await producer.send_and_wait(name, b"v", partition=0)
    await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(name, 0)])
    await consumer.commit({TopicPartition(name, 0): 4})
    await consumer.stop()
    async with Admin(kafka) as admin:
        assert await admin.group_lag(group) == {(name, 0): 6}
        await admin.delete_topics([name])
        await _until_gone(admin, name)
        assert await admin.group_lag(group) == {}


async def _until_gone(admin: Admin, topic: str) -> None:
    async with asyncio.timeout(10):
        while topic in await admin.topics():
            await asyncio.sleep(0.05)


async def test_a_group_that_nobody_knows_is_empty(kafka: str, namespace: str) -> None:
    async with Admin(kafka) as admin:
        assert await admin.group_members(f"{namespace}.g") == []
        assert await admin.group_lag(f"{namespace}.g") == {}


async def test_an_absent_topic_is_an_error_for_offsets_and_none_for_deletion(kafka: str, namespace: str) -> None:
    async with Admin(kafka) as admin:
        with pytest.raises(AdminError, match=f"no such topic: {namespace}"):
            await admin.end_offsets([f"{namespace}.absent"])
        await admin.delete_topics([f"{namespace}.absent"])


async def test_calls_may_run_at_once(kafka: str, namespace: str) -> None:
    name = f"{namespace}.t"
    await ensure_topics(kafka, [TopicSpec(name, 3)])
    async with Admin(kafka) as admin:
        results = await asyncio.gather(*(admin.end_offsets([name]) for _ in range(8)))
    assert all(result == {(name, i): 0 for i in range(3)} for result in results)


async def test_a_ready_cluster_tells_its_id(kafka: str) -> None:
    assert await wait_until_ready(kafka, 10)


async def test_nobody_there_is_said_in_time() -> None:
    with socket.socket() as probe:  # bound, not listening: connections are refused, and nobody else gets the port
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(AdminError, match=f"Kafka at {address} does not answer within 1 s"):
            await wait_until_ready(address, 1.0)
    assert time.monotonic() - began < 8


async def test_security_settings_reach_the_client(kafka: str) -> None:
    with pytest.raises(AdminError, match="does not answer"):
        await wait_until_ready(kafka, 0, {"security_protocol": "SSL"})  # the test broker speaks plain text
    with pytest.raises(AdminError, match=r"kafka\.security.*secrity_protocol"):
        await wait_until_ready(kafka, 0, {"secrity_protocol": "SSL"})
