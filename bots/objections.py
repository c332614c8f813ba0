"""Authors who object (`tertulia forget`): what they write is not even put into the log.

The match stage drops their posts in any case, whoever brings them. This keeps them out of `posts`, where they would lie
for up to a day. Each partition of `erasures` names every objection, so one is enough to read.
"""

from __future__ import annotations

import asyncio
import logging

import msgspec
from aiokafka.errors import KafkaError

from config.schema import Config
from streams.erasures import parse_erasure
from streams.log import LogReader, Record
from streams.records import Post
from streams.topics import Topics

log = logging.getLogger(__name__)

EVERY_S = 10.0
PAUSE_S = 1.0


class Objections:
    """Life cycle: `start` (reads all there are), then `run` until cancelled."""

    def __init__(self, bootstrap: str, config: Config) -> None:
        self._reader, self._topic = LogReader(bootstrap, config.kafka), Topics(config).erasures
        self._next = 0
        self._authors: set[str] = set()

    def cover(self, post: Post) -> bool:
        """Whether the post is not to be collected."""
        return post.op != "delete" and post.author is not None and post.author.id in self._authors

    async def start(self) -> None:
        """Read to the end of the topic, waiting for as long as Kafka is away."""
        while True:
            if await self._read():
                return
            await asyncio.sleep(PAUSE_S)

    async def run(self) -> None:
        """Follow the topic."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self._read()

    async def _read(self) -> bool:
        try:
            end = await self._reader.end(self._topic, 0)
            async for records in self._reader.read(self._topic, 0, self._next, end):
                for record in records:
                    self._keep(record)
                self._next = records[-1].offset + 1
        except KafkaError as error:
            log.warning("%s: %s; trying again", self._topic, str(error) or repr(error))
            return False
        return True

    def _keep(self, record: Record) -> None:
        author = (record.key or b"").decode(errors="replace")
        try:
            objects = record.value is not None and parse_erasure(record.value).objects
        except msgspec.DecodeError as error:  # by some other program: nobody is collected or left out for it
            log.error("%s/0/%d holds no erasure: %s", self._topic, record.offset, error)
            return
        if objects:
            self._authors.add(author)
        else:
            self._authors.discard(author)
