"""The ledger stage: mentions in, one entry per (brand, post) out. One `LedgerPartition` per partition of `mentions`.

An entry replaces the one before it, so a second delivery changes nothing. Order within a batch: the changelog topic,
then the store on disk, then the views. A crash in between repeats the batch, which is harmless. The changelog carries
the offset of the mention behind each record, so that a machine without the store knows where to go on.

    e…, t…                            -> the entries, and where they stand by event time: see `entry_keys`
    x<seen, 8 bytes><brand NUL id>    -> when to forget an entry
    y<seen, 8 bytes><brand NUL id>    -> when to drop its text
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from config.schema import Brand, Config
from streams import metrics
from streams.entry_keys import entry_key, split_entry_key, time_key, time_stamp
from streams.letters import DeadLetters
from streams.log import LogReader, Record
from streams.outbox import Outbox
from streams.records import Entry, Retraction, encode, parse_mention, to_ms
from streams.store import APPLIED, CHANGELOG, Batch, Store
from streams.topics import Topics
from streams.views.frame import Frame

log = logging.getLogger(__name__)
SOURCE = "mention-offset"  # header of changelog records
_SWEEP = 2_000  # entries forgotten per turn, so that a sweep never holds up the stream

Held = Entry | Retraction
Change = tuple[bytes, bytes | None, Held | None, Held | None, int]
"""(key, new value, what was held, what is held now, offset of the mention)."""


class LedgerPartition:
    """The processor of one partition of `mentions`."""

    batch = 1_000

    def __init__(
        self,
        partition: int,
        config: Config,
        path: Path,
        reader: LogReader,
        outbox: Outbox,
        letters: DeadLetters,
        changed: Callable[[str], None],
    ) -> None:
        self.partition = partition
        self._config, self._topics = config, Topics(config)
        self._brands: Mapping[str, Brand] = {brand.name: brand for brand in config.brands}
        self._reader, self._outbox, self._letters, self._changed = reader, outbox, letters, changed
        self.store = Store(path)
        self.frames: dict[str, Frame] = {}

    # -- life cycle --------------------------------------------------------------------------------------------------

    async def open(self) -> int:
        """Bring the store up to the end of the changelog, then fill the views from it."""
        started = time.monotonic()
        start, end = self.store.position(CHANGELOG) + 1, await self._reader.end(self._topics.ledger, self.partition)
        async for records in self._reader.read(self._topics.ledger, self.partition, start, end):
            self._restore(records)
        count = self._fill_frames()
        metrics.RECOVERY_SECONDS.set(time.monotonic() - started)
        log.info("mentions/%d: %d entries in %.1f s", self.partition, count, time.monotonic() - started)
        return self.store.position(APPLIED)

    async def process(self, records: Sequence[Record], applied: int) -> None:
        """Apply mentions; see `streams.stage.Processor`."""
        started = time.monotonic()
        changes = list(self._changes(await self._readable(records)))
        await self._keep(changes, applied)
        metrics.BATCH_SECONDS.labels("ledger").observe(time.monotonic() - started)
        metrics.BATCH_RECORDS.labels("ledger").observe(len(records))
        if records:
            metrics.PATH_SECONDS.observe(max(0.0, time.time() - records[-1].timestamp_ms / 1_000))

    async def touch(self, ids: Sequence[str]) -> None:
        """Nothing elsewhere concerns the ledger."""

    async def tick(self) -> None:
        """Forget entries beyond the retention, and texts beyond theirs."""
        now_ms = time.time_ns() // 1_000_000
        await self._keep(list(self._expired(now_ms)), None)
        await self._keep(list(self._wordless(now_ms)), None)

    async def close(self) -> None:
        """Release the files and the views."""
        self.store.close()
        self.frames.clear()

    # -- applying ----------------------------------------------------------------------------------------------------

    async def _readable(self, records: Sequence[Record]) -> list[tuple[Record, Held | None]]:
        readable: list[tuple[Record, Held | None]] = []
        for record in records:
            try:
                if record.key is None:
                    raise ValueError("a mention without a key")
                held = None if record.value is None else parse_mention(record.value)
                _check(record.key, held)
                readable.append((record, held))
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
                at = f"{self._topics.mentions}/{self.partition}/{record.offset}"
                await self._letters.send(self._topics.mentions, str(error), record.value, at)
        return readable

    def _changes(self, mentions: Sequence[tuple[Record, Held | None]]) -> Iterator[Change]:
        """What each mention changes, seen from the one before it; nothing where it repeats what is held."""
        current = self._held_all(record.key or b"" for record, _ in mentions)
        for record, mention in mentions:
            key = record.key or b""
            value, before = current[key]
            after, new = self._outcome(mention, record.value, before)
            if new == value:
                continue
            current[key] = (new, after)
            yield key, new, before, after, record.offset

    @staticmethod
    def _outcome(mention: Held | None, raw: bytes | None, before: Held | None) -> tuple[Held | None, bytes | None]:
        """What is held after a mention, and its bytes. A deleted post stays deleted."""
        if isinstance(before, Retraction):
            return before, encode(before)
        if isinstance(mention, Entry):
            return mention, raw
        if before is None and mention is None:
            return None, None  # the tombstone behind a deletion: nothing is held, nothing to do
        if mention is None or mention.reason == "deleted":
            brand, post_id = (before.brand, before.post.id) if before else (mention.brand, mention.retract)  # type: ignore[union-attr]
            buried = Retraction(post_id, brand, "deleted")
            return buried, encode(buried)
        return None, None

    async def _keep(self, changes: Sequence[Change], applied: int | None) -> None:
        """Changelog, then store, then views."""
        batch = Batch()
        if changes:
            sends = [(self.partition, key, new) for key, new, *_ in changes]
            headers = [[(SOURCE, b"%d" % offset)] for *_, offset in changes]
            last = await self._outbox.deliver(self._topics.ledger, sends, headers)
            batch.set_position(CHANGELOG, last[self.partition])
        for key, new, before, after, _ in changes:
            self._write(batch, key, new, before, after)
        if applied is not None:
            batch.set_position(APPLIED, applied)
        self.store.write(batch)
        moved = {brand for _, _, before, after, _ in changes if (brand := self._show(before, after)) is not None}
        for brand in moved:
            metrics.LEDGER_ENTRIES.labels(brand).set(len(self.frames[brand]))
            self._changed(brand)

    def _write(self, batch: Batch, key: bytes, new: bytes | None, before: Held | None, after: Held | None) -> None:
        """Put one change and its index keys into a batch."""
        if isinstance(before, Entry):
            batch.delete(time_key(before))
            batch.delete(_seen_key(b"x", before, key))
            batch.delete(_seen_key(b"y", before, key))
        if new is None:
            batch.delete(b"e" + key)
        else:
            batch.put(b"e" + key, new)
        if isinstance(after, Entry):
            batch.put(time_key(after), b"")
            batch.put(_seen_key(b"x", after, key), b"")
            if after.post.text:
                batch.put(_seen_key(b"y", after, key), b"")
        elif isinstance(after, Retraction):
            batch.put(b"x" + time_stamp(time.time_ns() // 1_000_000) + key, b"")

    def _show(self, before: Held | None, after: Held | None) -> str | None:
        """Let the views follow; the brand whose views changed."""
        entry = after if isinstance(after, Entry) else before
        if not isinstance(entry, Entry) or entry.brand not in self._brands:
            return None
        frame = self._frame(entry.brand)
        if isinstance(before, Entry):
            frame.remove(before)
        if isinstance(after, Entry):
            frame.add(after)
        return entry.brand

    # -- recovering --------------------------------------------------------------------------------------------------

    def _restore(self, records: Sequence[Record]) -> None:
        """Take changelog records into the store."""
        batch = Batch()
        current = self._held_all(record.key or b"" for record in records)
        applied = self.store.position(APPLIED)
        for record in records:
            key = record.key or b""
            _, before = current[key]
            after = None if record.value is None else parse_mention(record.value)
            current[key] = (record.value, after)
            self._write(batch, key, record.value, before, after)
            applied = max(applied, *(int(value) for name, value in record.headers if name == SOURCE), -1)
        batch.set_position(CHANGELOG, records[-1].offset)
        batch.set_position(APPLIED, applied)
        self.store.write(batch)

    def _fill_frames(self) -> int:
        """One pass over the store, brand by brand (they lie together, by key)."""
        self.frames = {}
        for brand in self._brands:
            entries = (parse_mention(value) for _, value in self.store.scan(b"e" + entry_key(brand, "")))
            frame = self._frame(brand)
            frame.add_many(entry for entry in entries if isinstance(entry, Entry))
            if not len(frame):
                del self.frames[brand]
        return sum(len(frame) for frame in self.frames.values())

    def _frame(self, brand: str) -> Frame:
        if brand not in self.frames:
            self.frames[brand] = Frame.of(self._brands[brand])
        return self.frames[brand]

    # -- forgetting --------------------------------------------------------------------------------------------------

    def _expired(self, now_ms: int) -> Iterator[Change]:
        for index_key in self._seen_before(b"x", now_ms - _in_ms(self._config.ledger.retention)):
            key = index_key[9:]
            value, before = self._held(key)
            if value is None or (isinstance(before, Entry) and _seen_key(b"x", before, key) != index_key):
                self._unindex(index_key)
            else:
                yield key, None, before, None, -1
                if isinstance(before, Retraction):
                    self._unindex(index_key)

    def _wordless(self, now_ms: int) -> Iterator[Change]:
        for index_key in self._seen_before(b"y", now_ms - _in_ms(self._config.ledger.text_retention)):
            key = index_key[9:]
            _, before = self._held(key)
            if isinstance(before, Entry) and before.post.text:
                bare = msgspec.structs.replace(before, post=msgspec.structs.replace(before.post, text="", links=()))
                yield key, encode(bare), before, bare, -1
            else:
                self._unindex(index_key)

    def _seen_before(self, family: bytes, limit_ms: int) -> list[bytes]:
        found: list[bytes] = []
        for index_key, _ in self.store.scan(family):
            if len(found) >= _SWEEP or index_key[1:9] > time_stamp(limit_ms):
                break
            found.append(index_key)
        return found

    def _unindex(self, index_key: bytes) -> None:
        batch = Batch()
        batch.delete(index_key)
        self.store.write(batch)

    def _held(self, key: bytes) -> tuple[bytes | None, Held | None]:
        return self._held_all([key])[key]

    def _held_all(self, keys: Iterable[bytes]) -> dict[bytes, tuple[bytes | None, Held | None]]:
        different = list(dict.fromkeys(keys))
        values = self.store.get_many([b"e" + key for key in different])
        held = (None if value is None else parse_mention(value) for value in values)
        return dict(zip(different, zip(values, held, strict=True), strict=True))


def _check(key: bytes, held: Held | None) -> None:
    """What the store and the views rely on. Raises `ValueError`."""
    brand, post_id = split_entry_key(key)
    if isinstance(held, Retraction):
        if (held.brand, held.retract) != (brand, post_id):
            raise ValueError("the key and the retraction name different entries")
    elif held is not None:
        if (held.brand, held.post.id) != (brand, post_id):
            raise ValueError("the key and the entry name different entries")
        if held.post.created_at is None or held.post.created_at.tzinfo is None or held.post.author is None:
            raise ValueError("an entry without author or time")


def _seen_key(family: bytes, entry: Entry, key: bytes) -> bytes:
    return family + time_stamp(to_ms(entry.seen_at)) + key


def _in_ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1_000)
