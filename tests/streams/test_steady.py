"""A producer whose numbering the broker no longer follows is replaced, and what is sent again arrives."""

from __future__ import annotations

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.structs import TopicPartition

from config.schema import Config
from streams.admin import ensure_topics
from streams.kafka import producer
from streams.outbox import Outbox, Send
from streams.steady import SteadyProducer
from streams.topics import Topics


async def test_a_broken_numbering_is_mended_by_the_next_try(kafka: str, namespace: str) -> None:
    config = Config(namespace=namespace.lower())
    await ensure_topics(kafka, Topics(config).specs())
    topic = Topics(config).mentions
    steady = SteadyProducer(lambda: producer(kafka, config.kafka))
    await steady.start()
    try:
        outbox = Outbox(steady)
        sends: list[Send] = [(0, b"key", b"value")]
        first = await outbox.deliver(topic, sends)
        # As if a batch had been numbered and then given up while the broker was away.
        steady._now._txn_manager.increment_sequence_number(TopicPartition(topic, 0), 5)
        with pytest.raises(OutOfOrderSequenceNumber):
            await outbox.deliver(topic, sends)
        assert await outbox.deliver(topic, sends) == {0: first[0] + 1}
        assert await outbox.deliver(topic, sends) == {0: first[0] + 2}
    finally:
        await steady.stop()
