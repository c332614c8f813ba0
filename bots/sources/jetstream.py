"""Jetstream's two wire forms, read into one `Event`.

v2, `/xrpc/network.bsky.jetstream.subscribeEvents`: `{"$type": "message", "payload": {…}}` frames whose payload is flat
and carries `seq`; `{"$type": "error"}` frames end the stream; `#info` payloads say where it really began.
v1, `/subscribe`: bare objects with `time_us` and the parts nested under `commit`, `identity` or `account`.

Source: bluesky-social/jetstream, lexicons/network/bsky/jetstream/subscribeEvents.json, internal/subscribe/encoder.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec

POST: Final = "app.bsky.feed.post"
REPOST: Final = "app.bsky.feed.repost"
V2_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
V2_SUBPROTOCOL = "xrpc.v1.json"
# A record is at most 1 MiB, so nothing real is skipped; without a limit one monstrous frame would end every connection.
MAX_FRAME = 8 * 1024 * 1024
Version = Literal["v1", "v2"]

# Beyond these a number is no position: the servers themselves tell seqs from microseconds at 10^15.
Seq = Annotated[int, msgspec.Meta(ge=0, lt=10**15)]
Microseconds = Annotated[int, msgspec.Meta(ge=10**15, lt=10**16)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PREFIX = "network.bsky.jetstream.subscribeEvents#"


class Ref(msgspec.Struct):
    """A strong reference: the at-uri is all we need of it."""

    uri: str


class Reply(msgspec.Struct):
    """Where in a thread a post stands."""

    root: Ref
    parent: Ref


class Feature(msgspec.Struct):
    """One meaning of a stretch of text: a link, a mention or a tag."""

    uri: str | None = None
    did: str | None = None
    tag: str | None = None


class Facet(msgspec.Struct):
    """Rich text: features over a range of bytes, which we do not need, as the features repeat what counts."""

    features: tuple[Feature, ...] = ()


class External(msgspec.Struct):
    """A link card."""

    uri: str
    title: str = ""


class Image(msgspec.Struct):
    """An image; `alt` is what its author wrote for those who cannot see it."""

    alt: str = ""


class Quoted(msgspec.Struct):
    """`embed.record`: a reference, or with media around it an embed that holds the reference."""

    uri: str | None = None
    record: Ref | None = None


class Media(msgspec.Struct):
    """What stands beside a quote in `recordWithMedia`."""

    type: str = msgspec.field(name="$type", default="")
    external: External | None = None
    images: tuple[Image, ...] = ()
    alt: str = ""


class Embed(Media):
    """Any of the embed types; fields of the others are absent."""

    record: Quoted | None = None
    media: Media | None = None


class Record(msgspec.Struct, rename="camel"):
    """A post or a repost."""

    created_at: datetime | None = None
    text: str = ""
    langs: tuple[str, ...] | None = None  # some clients write null for "none"
    tags: tuple[str, ...] | None = None
    reply: Reply | None = None
    embed: Embed | None = None
    facets: tuple[Facet, ...] | None = None
    subject: Ref | None = None


class Commit(msgspec.Struct):
    """One record created, updated or deleted."""

    operation: str
    collection: str
    rkey: str
    record: Record | None = None


class Handle(msgspec.Struct):
    """An account's name, as an identity event tells it; absent when only its keys changed."""

    handle: str | None = None


class Account(msgspec.Struct):
    """What became of an account at its host: https://atproto.com/specs/account has the states."""

    active: bool
    status: str | None = None  # of one that is not active: `deleted`, `takendown`, `suspended`, `deactivated`, …


class Event(msgspec.Struct):
    """One event of either wire; `time` is unix microseconds, `seq` is 0 on v1."""

    did: str
    time: int
    seq: int = 0
    commit: Commit | None = None
    identity: Handle | None = None
    account: Account | None = None


class Notice(msgspec.Struct):
    """What the server says about the stream: `OutdatedCursor`, `FutureCursor`, or an error that ends it."""

    name: str
    message: str = ""
    final: bool = False


class Malformed(msgspec.Struct):
    """A frame that could not be read, with whatever position could still be made out (0: none)."""

    reason: str
    time: int = 0
    seq: int = 0


class _V1(msgspec.Struct):
    did: str
    time_us: Microseconds
    commit: Commit | None = None
    identity: Handle | None = None
    account: Account | None = None


class _V2Payload(Commit, kw_only=True, rename={"witnessed_at": "witnessedAt", "type": "$type"}):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    type: str = ""
    did: str = ""
    seq: Seq = 0
    time: datetime | None = None
    witnessed_at: datetime | None = None
    identity: Handle | None = None
    account: Account | None = None
    name: str = ""
    message: str = ""


class _V2(msgspec.Struct):
    type: str = msgspec.field(name="$type")
    payload: _V2Payload | None = None
    error: str = ""
    message: str = ""


# Nesting without end is a RecursionError.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_v1 = msgspec.json.Decoder(_V1)
_v2 = msgspec.json.Decoder(_V2)


def read(version: Version, frame: bytes) -> Event | Notice | Malformed | None:
    """One frame; `None` for kinds of a later protocol revision, which are to be passed over."""
    try:
        return _read_v2(frame) if version == "v2" else _read_v1(frame)
    except _UNREADABLE as error:
        return _make_out(version, frame, str(error))


def _read_v1(frame: bytes) -> Event:
    event = _v1.decode(frame)
    return Event(event.did, event.time_us, 0, event.commit, event.identity, event.account)


def _read_v2(frame: bytes) -> Event | Notice | Malformed | None:
    message = _v2.decode(frame)
    if message.type == "error":
        return Notice(message.error, message.message, final=True)
    payload = message.payload
    if message.type != "message":
        return None
    if payload is None or not payload.type:
        return _make_out("v2", frame, "the message has no payload, or one without `$type`")
    if payload.type == _PREFIX + "info":
        return Notice(payload.name, payload.message)
    witnessed = payload.witnessed_at or payload.time
    if not payload.seq or not payload.did or witnessed is None or witnessed.tzinfo is None:
        return _make_out("v2", frame, "`seq`, `did` or `time` is missing")
    commit = payload if payload.type == _PREFIX + "commit" else None
    return Event(payload.did, microseconds(witnessed), payload.seq, commit, payload.identity, payload.account)


class _Position(msgspec.Struct):
    """What is left to read of a v2 payload that breaks the form."""

    seq: Seq
    time: datetime


class _PositionV2(msgspec.Struct):
    payload: _Position


class _PositionV1(msgspec.Struct):
    time_us: Microseconds


_position_v1 = msgspec.json.Decoder(_PositionV1)
_position_v2 = msgspec.json.Decoder(_PositionV2)


def _make_out(version: Version, frame: bytes, reason: str) -> Malformed:
    """The position of a frame that breaks the form, so that one bad record does not hold the stream for ever."""
    try:
        if version == "v1":
            return Malformed(reason, _position_v1.decode(frame).time_us)
        found = _position_v2.decode(frame).payload
        return Malformed(reason, microseconds(found.time), found.seq)
    except (*_UNREADABLE, TypeError):  # TypeError: a time without a zone has no distance to the epoch
        return Malformed(reason)


def subscription(host: str, version: Version, collections: Sequence[str], cursor: int | None) -> str:
    """The URL of a subscription; `cursor` is a seq (v2 only) or unix microseconds, `None` the live tip.

    All kinds are asked for: a filter on kinds would hide what says that history changed.
    """
    path, name = (V2_PATH, "collections") if version == "v2" else ("/subscribe", "wantedCollections")
    query = [(name, collection) for collection in collections]
    query.append(("maxMessageSizeBytes", str(MAX_FRAME // 2)))
    if cursor is not None:
        query.append(("cursor", str(cursor)))
    return f"{host}{path}?{urlencode(query)}"


def microseconds(moment: datetime) -> int:
    """Unix microseconds, Jetstream's time. Raises `TypeError` for a time without a zone."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds_: int) -> datetime:
    """The time of unix microseconds."""
    return _EPOCH + microseconds_ * _MICROSECOND
