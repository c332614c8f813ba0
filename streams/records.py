"""The records that travel through Kafka: `Post`, `Entry`, `Retraction`, `Alert`, `DeadLetter`, `SourceStatus`.

`decode_post` is the one gate for everything that comes from outside: whatever passes it is well formed, whatever does
not raises `BadPost` with a reason in plain words and becomes a dead letter.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

MAX_TEXT = 100_000  # characters; longer than any network allows, short enough for one Kafka message
MAX_ID = 1_024
MAX_ITEMS = 1_000  # links, hashtags, mentions of one post
CLOCK_SKEW = timedelta(minutes=5)  # DESIGN section 4: later than this after arrival is clamped to arrival
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)  # before this no network existed: the date is an error

Kind = Literal["post", "reply", "quote", "repost"]
KINDS: tuple[Kind, ...] = ("post", "reply", "quote", "repost")
SENTIMENTS = ("negative", "neutral", "positive")


class BadPost(ValueError):
    """A record that breaks the post form; its text is the reason a person reads in the dead letter."""


class Author(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote a post; `id` is `<platform>:<native id>`."""

    id: str
    handle: str = ""
    name: str | None = None
    followers: int | None = None
    bot: bool = False
    role: str | None = None


class Post(msgspec.Struct, frozen=True, omit_defaults=True):
    """One public utterance in the form of DESIGN section 4, or its deletion.

    A deletion whose `id` is its author's own erases the author (docs/decisions/0012): all of the author's posts that
    were written until `created_at`. With `again` False later ones are not wanted either, with True they are again.
    """

    id: str
    op: Literal["create", "update", "delete"] = "create"
    platform: str = ""
    author: Author | None = None
    text: str = ""
    created_at: datetime | None = None
    lang: str | None = None
    url: str | None = None
    links: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None
    thread: str | None = None
    repost_of: str | None = None
    quote_of: str | None = None
    reply_to_author: str | None = None
    repost_of_author: str | None = None
    quote_of_author: str | None = None
    venue: str | None = None
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    again: bool | None = None

    @property
    def erases_author(self) -> bool:
        """Whether this deletes not one post but all of an author."""
        return self.op == "delete" and self.author is not None and self.author.id == self.id

    @property
    def kind(self) -> Kind:
        """What the post is to others; a repost with a comment is a quote, a quote inside a reply is a reply."""
        if self.repost_of:
            return "repost"
        if self.reply_to:
            return "reply"
        return "quote" if self.quote_of else "post"

    @property
    def root(self) -> str:
        """The thread's id; a post that names none opens its own (a pure repost joins what it repeats)."""
        return self.thread or self.reply_to or self.repost_of or self.id


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One post as it counts for one brand: the value of `mentions` and of the ledger.

    `via` says why it belongs: it names the brand, or it stands in a thread that does, or it quotes or reposts one that
    does. `sentiment` is absent where none is due (reposts) and `p` holds (negative, neutral, positive). `relevance` is
    the probability that the brand is meant, `stages` those of a decision that the writer is in, where they were judged.
    `seen_at` is the Kafka timestamp of the post, so that a replay yields the same entry.
    """

    brand: str
    post: Post
    via: Literal["name", "thread", "quote", "repost"]
    seen_at: datetime
    terms: tuple[str, ...] = ()
    sentiment: str | None = None
    p: tuple[float, float, float] | None = None
    relevance: float | None = None
    stages: tuple[str, ...] = ()
    model: str = ""


class Retraction(msgspec.Struct, frozen=True, omit_defaults=True):
    """The entry (brand, post) is no longer true: the post was deleted, or edited so that it left the brand."""

    retract: str  # the post id; first, so that one look at the bytes tells a retraction from an entry
    brand: str
    reason: Literal["deleted", "edited", "thread"] = "deleted"


Severity = Literal["info", "warning", "critical"]


class Driver(msgspec.Struct, frozen=True, omit_defaults=True):
    """An author or a circle behind an alert: how many of the window's posts are theirs, and what more is known."""

    name: str  # a handle, or a circle's label
    posts: int
    share: float  # of the window's posts
    id: str = ""  # the author's
    words: tuple[str, ...] = ()  # a circle's most telling ones


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that fired or resolved. `fingerprint` is stable for (rule, brand, source).

    `kind` is the kind of rule, `number` the one of DESIGN section 6 it looks at, `details` what its words need beside
    the fields, by kind (`streams/alerting/words.py`). `q_value`: of all rules that were tested in the same look, at
    most this share of those told is expected to be false.
    """

    fingerprint: str
    rule: str
    brand: str
    state: Literal["firing", "resolved"]
    started_at: datetime
    at: datetime
    title: str
    value: float
    baseline: float
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    window: str = ""
    source: str | None = None
    evidence: tuple[dict[str, str], ...] = ()  # up to three posts: id, url, text
    ended_at: datetime | None = None
    kind: str = "volume-spike"
    number: str = "posts"
    severity: Severity = "warning"
    group: str = ""  # of the brand
    q_value: float | None = None
    authors: tuple[Driver, ...] = ()
    circles: tuple[Driver, ...] = ()
    details: dict[str, str | float] = {}


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that could not be used: where it came from, why, and its bytes (cut to 64 KiB, base64 in JSON)."""

    source: str
    reason: str
    at: datetime
    record: bytes = b""
    offset: str = ""  # the source's own position, or "topic/partition/offset"


class SourceGap(msgspec.Struct, frozen=True):
    """A stretch of time that a network no longer had when the collector came back, and why."""

    start: datetime
    end: datetime
    reason: str


SourceState = Literal["starting", "live", "retrying", "silent", "stopped", "misconfigured", "finished"]


class SourceStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of `cursors`: where a collector goes on, and how it fares (`/api/sources` and `/metrics` show it).

    `events`, `bad` and `deletes` count since the collector's start; `waiting` are replies whose thread is not known;
    `lag_s` is how old the newest event was when it arrived; `gaps` are the newest 100 and survive restarts.
    """

    name: str
    state: SourceState = "starting"
    reason: str = ""
    since: datetime | None = None
    last_event_at: datetime | None = None
    last_saved_at: datetime | None = None
    events: int = 0
    bad: int = 0
    deletes: int = 0
    waiting: int = 0
    gaps: tuple[SourceGap, ...] = ()
    lag_s: float | None = None
    cursor: Any = None


def erasure(author_id: str, until: datetime, again: bool | None = None) -> Post:
    """The record that erases an author: `again` False also objects to later posts, True lifts an objection."""
    return Post(author_id, "delete", author=Author(author_id), created_at=until, again=again)


def erases(record: Post, post: Post) -> bool:
    """Whether an erasure by itself says that `post` is gone."""
    if record.again or post.author is None or post.author.id != record.id:
        return False
    return record.again is False or event_ms(post) <= event_ms(record)


_encoder = msgspec.json.Encoder()
_post = msgspec.json.Decoder(Post)
_entry = msgspec.json.Decoder(Entry)
_retraction = msgspec.json.Decoder(Retraction)
_status = msgspec.json.Decoder(SourceStatus)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def event_ms(post: Post) -> int:
    """The event time of a post in ms since 1970."""
    assert post.created_at is not None, "a post without a time passed the gate"
    return to_ms(post.created_at)


def to_ms(at: datetime) -> int:
    """A time in ms since 1970."""
    return round(at.timestamp() * 1_000)


def encode(record: msgspec.Struct) -> bytes:
    """JSON bytes of any record."""
    return _encoder.encode(record)


def parse_post(value: bytes) -> Post:
    """A post as our own collectors wrote it to Kafka. Raises `BadPost`."""
    try:
        return _post.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPost(str(error)) from error
    except RecursionError as error:
        raise BadPost("JSON is nested too deeply") from error


def decode_post(value: bytes, arrived: datetime) -> Post:
    """One JSON object from outside (a line of JSONL, a webhook body) as a checked post. Raises `BadPost`."""
    return check_post(parse_post(value), arrived)


def check_post(post: Post, arrived: datetime) -> Post:
    """Normalise and check a post; returns it with clean text and a plausible time. Raises `BadPost`."""
    _check_ids(post)
    if post.erases_author:
        until = arrived if post.created_at is None else plausible_time(post.created_at, arrived)
        return erasure(post.id, until, post.again)
    if post.op == "delete":
        return Post(id=post.id, op="delete", platform=post.platform, thread=post.thread)
    if not post.platform:
        raise BadPost("`platform` is missing")
    if post.author is None or not post.author.id:
        raise BadPost("`author.id` is missing")
    if post.created_at is None:
        raise BadPost("`created_at` is missing")
    text = clean_text(post.text)
    if not text and not post.repost_of:
        raise BadPost("`text` is empty and the post is not a repost")
    if text == post.text and post.created_at.tzinfo is UTC and post.created_at <= arrived:
        if post.created_at < OLDEST:
            raise BadPost(f"`created_at` is before {OLDEST.year}: {post.created_at.isoformat()}")
        return post
    return msgspec.structs.replace(post, text=text, created_at=plausible_time(post.created_at, arrived))


def _check_ids(post: Post) -> None:
    if not post.id:
        raise BadPost("`id` is missing")
    platform, separator, native = post.id.partition(":")
    if not (separator and platform and native):
        raise BadPost(f"`id` is not <platform>:<native id>: {post.id[:80]!r}")
    for name in ("id", "thread", "reply_to", "repost_of", "quote_of"):
        value = getattr(post, name)
        if value is not None and (len(value) > MAX_ID or "\x00" in value):
            raise BadPost(f"`{name}` is longer than {MAX_ID} characters or holds a NUL")
    author_id = post.author.id if post.author is not None else ""
    if len(author_id) > MAX_ID or "\x00" in author_id:
        raise BadPost(f"`author.id` is longer than {MAX_ID} characters or holds a NUL")
    for name in ("links", "hashtags", "mentions"):
        if len(getattr(post, name)) > MAX_ITEMS:
            raise BadPost(f"`{name}` holds more than {MAX_ITEMS} items")
    if post.id in {post.reply_to, post.repost_of, post.quote_of}:
        raise BadPost("the post answers, reposts or quotes itself")


def clean_text(text: str) -> str:
    """NFC, without NULs and lone surrogates. Raises `BadPost` beyond `MAX_TEXT` characters."""
    if len(text) > MAX_TEXT:
        raise BadPost(f"`text` is longer than {MAX_TEXT} characters ({len(text)})")
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text.replace("\x00", "")))


def plausible_time(created_at: datetime, arrived: datetime) -> datetime:
    """The event time in UTC; more than five minutes after arrival it is the arrival. Raises `BadPost` before 1990."""
    if created_at.tzinfo is None:
        raise BadPost("`created_at` has no time zone")
    try:
        created_at = created_at.astimezone(UTC)
    except OverflowError as error:
        raise BadPost(f"`created_at` is no date in UTC: {created_at.isoformat()}") from error
    if created_at < OLDEST:
        raise BadPost(f"`created_at` is before {OLDEST.year}: {created_at.isoformat()}")
    return arrived if created_at > arrived + CLOCK_SKEW else created_at


def parse_mention(value: bytes) -> Entry | Retraction:
    """A value of `mentions`: an entry, or the retraction of one. Raises `msgspec.DecodeError`."""
    return _retraction.decode(value) if value.startswith(b'{"retract":') else _entry.decode(value)


def parse_status(value: bytes) -> SourceStatus:
    """A value of `cursors`. Raises `msgspec.DecodeError`."""
    return _status.decode(value)
