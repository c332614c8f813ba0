"""The match stage: posts in, mentions out. One `Matcher` per partition of `posts`.

For each batch: ask whether the brands named are meant, take the posts into the membership, settle it, have what is new
classified, deliver the mentions, and only then remember the batch. A crash anywhere in between repeats the batch, with
the same result.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from classifiers.base import Classifier
from classifiers.null import NullClassifier
from config.schema import Config
from streams import metrics
from streams.entry_keys import entry_key
from streams.erasures import index_authors, parse_erasure
from streams.letters import DeadLetters
from streams.log import Record
from streams.meaning import Arrival, Meaning, reading_of, with_language
from streams.membership import Membership
from streams.outbox import Outbox, Send
from streams.post_state import Change, State
from streams.records import BadPost, Entry, Post, Retraction, decode_post, encode, parse_mention
from streams.store import APPLIED, Batch, Store
from streams.terms import Terms
from streams.topics import Topics, partition_of

log = logging.getLogger(__name__)
RESTORED = b"\x00restored"  # this store began with what the ledger knew; a rebuild cut short begins anew
AUTHORS = b"\x00authors"  # this store knows the posts of each author
PLAIN_BATCH, MODEL_BATCH = 1_000, 128
Bad = tuple[Record, str]  # and why it cannot be used
# Looked up once: finding a labelled counter costs more than counting.
_POSTS = {op: metrics.POSTS.labels(op) for op in ("create", "update", "delete")}
_ENTRIES = {via: metrics.ENTRIES.labels(via) for via in ("name", "thread", "quote", "repost")}


class Poison(Exception):
    """One record that our own code cannot digest; it must not stop the others."""

    def __init__(self, record: Record, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.record, self.cause = record, cause


class Matcher:
    """The processor of one partition of `posts`."""

    def __init__(
        self,
        partition: int,
        config: Config,
        membership: Membership,
        store: Store,
        terms: Terms,
        classifier: Classifier,
        outbox: Outbox,
        letters: DeadLetters,
        recover: Callable[[Matcher], Awaitable[int]],
    ) -> None:
        self.partition, self.membership, self.store = partition, membership, store
        self._topics = Topics(config)
        self._terms, self._meaning = terms, Meaning(config, terms, classifier)
        self._outbox, self._letters, self._recover = outbox, letters, recover
        # A model needs milliseconds a post: small batches, so that the first are in the numbers while others are read.
        self.batch = PLAIN_BATCH if isinstance(classifier, NullClassifier) else MODEL_BATCH

    async def open(self) -> int:
        """Recover; with no state on this machine, from the ledger topic and the youngest part of the log."""
        batch = Batch()
        if self.store.get(RESTORED) is None:
            batch.set_position(APPLIED, await self._recover(self))
            batch.put(RESTORED, b"")
        elif self.store.get(AUTHORS) is None:
            index_authors(self.store)
        batch.put(AUTHORS, b"")
        self.store.write(batch)
        return self.store.position(APPLIED)

    async def process(self, records: Sequence[Record], applied: int) -> None:
        """Apply posts; see `streams.stage.Processor`."""
        started = time.monotonic()
        arrivals, bad = self._arrivals(records)
        await self._meaning.decide([arrival for _, arrival in arrivals])
        poison: dict[int, Poison] = {}
        while True:
            try:
                self._take_in([(record, arrival) for record, arrival in arrivals if record.offset not in poison])
                break
            except Poison as error:
                poison[error.record.offset] = error
                self.membership.rollback()
        bad += [(error.record, self._internal(error)) for error in poison.values()]
        await self._finish(applied, bad)
        metrics.BATCH_SECONDS.labels("match").observe(time.monotonic() - started)
        metrics.BATCH_RECORDS.labels("match").observe(len(records))

    async def touch(self, ids: Sequence[str]) -> None:
        """Posts somewhere gained or lost a brand: their quotes and reposts here follow."""
        self.membership.touch(ids)
        await self._finish(None, [])

    async def tick(self) -> None:
        """Forget what has waited or been kept long enough. Forgetting a post is no news; an erasure has its record."""
        try:
            dropped = self.membership.forget(_now_ms())
            await self._tell_erasures()
            self._save(None)
        except BaseException:
            self.membership.rollback()
            raise
        metrics.WAITING_DROPPED.inc(dropped)
        metrics.WAITING.labels(str(self.partition)).set(self.membership.waiting)

    async def close(self) -> None:
        """Release the files."""
        self.store.close()

    async def restore(self, records: Sequence[Record]) -> None:
        """Take in entries of the ledger topic whose threads live here (a partition gained without its state)."""
        mentions = [(record, parse_mention(record.value)) for record in records if record.value is not None]
        entries = [entry for _, entry in mentions if isinstance(entry, Entry) and self._lives_here(entry)]
        arrivals = [self._meaning.restored(entry, self.membership.known(entry.post.id)) for entry in entries]
        await self._meaning.decide(arrivals)
        for entry, arrival in zip(entries, arrivals, strict=True):
            known = self.membership.known(entry.post.id)
            if known is not None and known.post == entry.post:  # by an entry for another brand: both are true
                arrival.named = known.named | arrival.named
                arrival.readings = known.readings | arrival.readings
            self.membership.apply(arrival.post, arrival.seen_ms, arrival.named, arrival.readings)
            reading = reading_of(entry)
            if reading is not None:
                self.membership.keep_reading(entry.post.id, entry.brand, reading)
        for record, mention in mentions:
            if isinstance(mention, Retraction):
                self.membership.bury(mention.retract, record.timestamp_ms)
        self.membership.settle()  # once: its time grows with all that the batch has touched
        self._save(None)

    def restore_erasures(self, records: Sequence[Record]) -> None:
        """Take in this partition's records of the topic `erasures`; to be done before the entries are restored."""
        for record in records:
            if record.key is not None and not record.key.startswith(b"\x00"):
                erasure = None if record.value is None else parse_erasure(record.value)
                self.membership.erasures.put(record.key.decode(), erasure)
        self._save(None)

    def _lives_here(self, entry: Entry) -> bool:
        return partition_of(entry.post.root, self._topics.posts_partitions) == self.partition

    def _arrivals(self, records: Sequence[Record]) -> tuple[list[tuple[Record, Arrival]], list[Bad]]:
        """The posts of the records, beside what is known of them; what breaks the form, with its reason."""
        arrivals: list[tuple[Record, Arrival]] = []
        bad: list[Bad] = []
        for record in records:
            if record.value is None:
                continue  # the tombstone behind a deletion is for the log's compaction only
            try:
                # Checked again, although our collectors do: whoever may write to Kafka may write anything.
                post = decode_post(record.value, datetime.fromtimestamp(record.timestamp_ms / 1_000, UTC))
                _POSTS[post.op].inc()
                known = self.membership.known(post.id)
                arrivals.append((record, self._meaning.arrival(post, record.timestamp_ms, known)))
            except BadPost as error:
                bad.append((record, str(error)))
            except Exception as error:
                bad.append((record, self._internal(Poison(record, error))))
        return arrivals, bad

    def _take_in(self, arrivals: Sequence[tuple[Record, Arrival]]) -> None:
        """Apply posts to the membership. Raises `Poison`."""
        for record, arrival in arrivals:
            try:
                self.membership.apply(arrival.post, arrival.seen_ms, arrival.named, arrival.readings)
            except Exception as error:
                raise Poison(record, error) from error

    def _internal(self, error: Poison) -> str:
        log.error("posts/%d/%d: %s", self.partition, error.record.offset, error, exc_info=error.cause)
        return f"internal error, please report it: {error}"

    async def _finish(self, applied: int | None, bad: Sequence[Bad]) -> None:
        """Settle, classify, deliver, then remember; nothing is remembered unless all was delivered."""
        try:
            changes = self.membership.settle()
            await self._classify(changes)
            sends = [send for change in changes for send in self._mentions(change)]
            for record, reason in bad:
                await self._letters.send(self._topics.posts, reason, record.value, self._at(record))
            await self._untell()
            await self._outbox.deliver(self._topics.mentions, sends)
            await self._tell_erasures()
            self._save(applied)
        except BaseException:
            self.membership.rollback()
            raise

    async def _untell(self) -> None:
        """Take the texts of erased posts out of the log. Before their retractions: a worker that then loses its disk
        knows the posts no more, and so would not come to do it."""
        gone: list[Send] = [(self.partition, post_id.encode(), None) for post_id in sorted(self.membership.erased)]
        if gone:
            await self._outbox.deliver(self._topics.posts, gone)

    async def _tell_erasures(self) -> None:
        """Keep who is erased where a new worker finds it. After the retractions, which it takes for granted then."""
        news = self.membership.erasures.news.items()
        kept: list[Send] = [(self.partition, name.encode(), None if e is None else encode(e)) for name, e in news]
        if kept:
            await self._outbox.deliver(self._topics.erasures, kept)

    def _save(self, applied: int | None) -> None:
        batch = Batch()
        self.membership.commit(batch)
        if applied is not None:
            batch.set_position(APPLIED, applied)
        self.store.write(batch)

    async def _classify(self, changes: Sequence[Change]) -> None:
        """Have each gained post read once per brand; reposts and the brand's own posts have no sentiment to count."""
        due = [(change, post) for change in changes if (post := self._unread(change)) is not None]
        readings = await self._meaning.read([(post, change.brand) for change, post in due])
        for (change, _), reading in zip(due, readings, strict=True):
            if reading is not None:
                self.membership.keep_reading(change.post_id, change.brand, reading)

    def _unread(self, change: Change) -> Post | None:
        """The post of a change, where it has still to be read toward the brand."""
        post = change.state.post
        if change.via is None or post is None or post.repost_of or change.brand in change.state.readings:
            return None
        return None if change.brand in self._terms.own(post) else post

    def _mentions(self, change: Change) -> list[tuple[int, bytes, bytes | None]]:
        """(partition, key, value) of what one change sends to `mentions`."""
        key = entry_key(change.brand, change.post_id)
        partition = partition_of(change.brand, self._topics.brand_partitions)
        if change.via is not None:
            _ENTRIES[change.via].inc()
            return [(partition, key, encode(_entry(change)))]
        deleted = change.state.post is None
        retraction = Retraction(change.post_id, change.brand, "deleted" if deleted else "edited")
        metrics.RETRACTIONS.labels(retraction.reason).inc()
        value = encode(retraction)
        # Behind a deletion the tombstone lets compaction take the text out of the log.
        return [(partition, key, value), (partition, key, None)] if deleted else [(partition, key, value)]

    def _at(self, record: Record) -> str:
        return f"{self._topics.posts}/{self.partition}/{record.offset}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _entry(change: Change) -> Entry:
    state: State = change.state
    assert state.post is not None and change.via is not None
    reading = state.readings.get(change.brand)
    fields: dict[str, Any] = {}
    if reading is not None:
        fields = {
            "sentiment": reading.sentiment,
            "p": reading.p,
            "relevance": reading.relevance,
            "stages": reading.stages,
            "model": reading.model,
        }
    return Entry(
        brand=change.brand,
        post=with_language(state.post),
        via=change.via,
        seen_at=datetime.fromtimestamp(state.seen_ms / 1_000, UTC),
        terms=state.named.get(change.brand, ()),
        **fields,
    )
