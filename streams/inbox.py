"""The topic between `/ingest` and the collector: what senders were told is taken (docs/decisions/0013-inbox.md).

The key is inlet NUL post id, so that compaction leaves the last word on each post; a deletion is a `Post` without text
and takes the place of what it deletes. What was refused lies under inlet NUL NUL hash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import xxhash
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from streams.records import Post, encode

MOST_REFUSED = 64 * 1024  # bytes that are kept of a refused record
_NUL = b"\x00"


class Refused(msgspec.Struct, frozen=True):
    """A record that could not become a post; `place` says where in its request it stood."""

    reason: str
    record: bytes
    place: str


_refused = msgspec.json.Decoder(Refused)

Letter = tuple[bytes, bytes]
"""Key and value."""
Send = Callable[[bytes, bytes], Awaitable["asyncio.Future[Any]"]]
"""Queues a key and value; the future resolves once Kafka has them. Raises `KafkaError`."""


def letter_of(inlet: str, item: Post | Refused) -> Letter:
    """The record under which `item` lies in the inbox."""
    native = item.id.encode() if isinstance(item, Post) else _NUL + _hash(item)
    return inlet.encode() + _NUL + native, encode(item)


def _hash(refused: Refused) -> bytes:
    return xxhash.xxh3_128_hexdigest(refused.place.encode() + refused.record).encode()


def owner_of(record: ConsumerRecord) -> str | None:
    """The inlet that a record is for; `None`: an empty record that rolls the log."""
    owner = bytes(record.key or b"").partition(_NUL)[0]
    return owner.decode("utf-8", "replace") if owner and record.value is not None else None


def opened(record: ConsumerRecord) -> bytes | Refused:
    """The JSON of a post, or what was refused. Raises `msgspec.DecodeError`."""
    native = bytes(record.key).partition(_NUL)[2]
    return _refused.decode(record.value) if native.startswith(_NUL) else bytes(record.value)


async def put(letters: Sequence[Letter], send: Send, within_s: float) -> Sequence[bool]:
    """Send in order; of each whether Kafka has acknowledged it within so many seconds."""
    sent: list[asyncio.Future[Any]] = []
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout_at(until):
            for key, value in letters:
                sent.append(await send(key, value))
    if sent:  # not gather: that would cancel what is still on its way
        await asyncio.wait(sent, timeout=max(0.0, until - loop.time()))
    taken = [each.done() and not each.cancelled() and each.exception() is None for each in sent]
    return taken + [False] * (len(letters) - len(taken))
