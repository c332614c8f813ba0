"""An erasure on a real log: what is left of the author in every topic and on the disk, with and without the state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.schema import Brand, Config
from config.schema import Kafka as KafkaSettings
from streams.admin import ensure_topics
from streams.erasures import parse_erasure
from streams.kafka import producer
from streams.letters import DeadLetters
from streams.outbox import Outbox
from streams.topics import Topics
from tests.bots.kafka_log import Log, newest
from tests.streams.histories import erased, post
from tests.streams.test_match_rebuild import Pipeline

SECRET = b"confided"
TALK = [
    post(1, "an apple, confided", by="ana"),
    post(2, "me too", by="b", reply_to="t:1", thread="t:1"),
    post(3, "my apple", by="b"),
    post(4, "confided here too", by="ana", reply_to="t:3", thread="t:3"),
    post(5, "confided to nobody", by="ana", reply_to="t:9", thread="t:9"),
]


@pytest.fixture
async def pipeline(kafka: str, namespace: str) -> AsyncIterator[Pipeline]:
    """One partition of each."""
    config = Config(
        namespace=namespace.lower(),
        brands=(Brand(name="apple", terms=("apple",)),),
        kafka=KafkaSettings(brand_partitions=1, posts_partitions=1),
    )
    await ensure_topics(kafka, Topics(config).specs())
    writer = producer(kafka, config.kafka)
    await writer.start()
    yield Pipeline(kafka, config, Outbox(writer), DeadLetters(writer, Topics(config)))
    await writer.stop()


async def left(pipeline: Pipeline, bootstrap: str) -> dict[str, bytes]:
    """All that a compacted log holds, topic by topic."""
    log, topics = Log(bootstrap, pipeline.config), pipeline.topics
    return {
        topic.rpartition(".")[2]: b"\n".join(filter(None, newest(await log.read(topic)).values()))
        for topic in (topics.posts, topics.mentions, topics.ledger)
    }


def on_disk(*folders: Path) -> bool:
    """Whether the secret stands in a file of a closed store."""
    return any(SECRET in path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


async def test_nothing_is_left_and_a_lost_disk_and_a_replay_bring_nothing_back(
    pipeline: Pipeline, kafka: str, tmp_path: Path
) -> None:
    before, after, ledger = tmp_path / "before", tmp_path / "after", tmp_path / "ledger"
    async with pipeline.running(before, ledger) as running:
        assert await running.feed(TALK) == {("apple", f"t:{number}") for number in (1, 2, 3, 4)}
        assert all(SECRET in held for held in (await left(pipeline, kafka)).values())
        kept = {("apple", "t:3")}
        assert await running.feed([erased("ana", 60, again=False)]) == kept
        assert not any(SECRET in held for held in (await left(pipeline, kafka)).values())
        assert await running.feed(TALK[:1]) == kept
    (value,) = newest(await Log(kafka, pipeline.config).read(pipeline.topics.erasures)).values()
    assert value is not None
    assert parse_erasure(value).objects
    async with pipeline.running(after, ledger) as running:  # the matcher's disk is lost
        assert await running.feed([]) == kept
        assert await running.feed([*TALK, post(70, "an apple, confided", by="ana")]) == kept
        assert not any(SECRET in held for held in (await left(pipeline, kafka)).values())
        back = [erased("ana", 80, again=True), post(79, "an apple", by="ana"), post(81, "an apple again", by="ana")]
        assert await running.feed(back) == kept | {("apple", "t:81")}
    assert not on_disk(after)
