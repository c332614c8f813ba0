"""Nostr's events (NIP-01): read, proven, and turned into posts (NIP-10 threads, NIP-18 reposts and quotes)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

import msgspec

from bots.sources.bech32 import bech32
from bots.sources.markup import web_address
from bots.sources.schnorr import verify
from streams.records import MAX_ITEMS, Author, BadPost, Post

PLATFORM = "nostr"
NOTE, DELETION, REPOST, VANISH = 1, 5, 6, 62
_KINDS = frozenset({NOTE, DELETION, REPOST, VANISH})
_LINK = re.compile(r"https?://[^\s<>\"'`\]]+")
_HEX = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"\\u00([01][0-9a-f])")

Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Tag = list[str]


class Event(msgspec.Struct, frozen=True):
    """One signed event; the names are those of NIP-01."""

    id: Hex
    pubkey: Hex
    created_at: Annotated[int, msgspec.Meta(ge=0, lt=1 << 37)]  # as long as it is a year that Python knows
    kind: int
    tags: list[Tag]
    content: str
    sig: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")] = "0" * 128


_event = msgspec.json.Decoder(Event)


def read_event(record: bytes) -> Event:
    """The event, if it is what its id says. Raises `BadPost`."""
    try:
        event = _event.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPost(f"not in the form of an event: {error}") from error
    if event.kind not in _KINDS:
        raise BadPost(f"kind {event.kind} was not asked for")
    if event.id not in _ids(event):
        raise BadPost("`id` is not the hash of the event")
    return event


def check_signature(event: Event) -> None:
    """Raises `BadPost` when somebody else than the author made the event."""
    if not verify(bytes.fromhex(event.pubkey), bytes.fromhex(event.id), bytes.fromhex(event.sig)):
        raise BadPost("`sig` is not the author's signature")


def _ids(event: Event) -> Iterator[str]:
    """What the id may be: control characters are escaped by common clients, and verbatim by the letter of NIP-01."""
    form = [0, event.pubkey, event.created_at, event.kind, event.tags, event.content]
    escaped = msgspec.json.encode(form)
    yield sha256(escaped).hexdigest()
    if b"\\u00" in escaped:
        verbatim = _CONTROL.sub(lambda found: chr(int(found[1], 16)), escaped.decode())
        yield sha256(verbatim.encode()).hexdigest()


def targets(event: Event) -> Iterator[str]:
    """The ids of the events that a deletion or repost is about."""
    return (tag[1] for tag in event.tags if tag[:1] == ["e"] and len(tag) > 1 and _HEX.fullmatch(tag[1]))


def post_of(event: Event, viewer: str, wanted: Iterable[str]) -> Post:
    """A note or a repost as a post. Raises `BadPost`."""
    return _repost(event) if event.kind == REPOST else _note(event, viewer, frozenset(wanted))


def name(native: str) -> str:
    """The id of a post or author on this platform."""
    return f"{PLATFORM}:{native}"


def _author(event: Event) -> Author:
    return Author(id=name(event.pubkey), handle=bech32("npub", bytes.fromhex(event.pubkey)))


def _repost(event: Event) -> Post:
    repeated = list(targets(event))
    if not repeated:
        raise BadPost("the repost names no event")
    people = _values(event, "p")
    return Post(
        id=name(event.id),
        platform=PLATFORM,
        author=_author(event),
        created_at=datetime.fromtimestamp(event.created_at, UTC),
        repost_of=name(repeated[-1]),
        repost_of_author=name(people[-1]) if people and _HEX.fullmatch(people[-1]) else None,
    )


def _note(event: Event, viewer: str, wanted: frozenset[str]) -> Post:
    root, parent = _thread(event)
    quote = next(_tags(event, "q"), None) or next((tag for tag in _tags(event, "e") if _marker(tag) == "mention"), None)
    hashtags = _unique(_values(event, "t"))
    asked = next((tag for tag in hashtags if tag.casefold() in wanted), None)
    return Post(
        id=name(event.id),
        platform=PLATFORM,
        author=_author(event),
        text=event.content,
        created_at=datetime.fromtimestamp(event.created_at, UTC),
        lang=next((tag[1] for tag in _tags(event, "l", hexes=False) if tag[2:3] == ["ISO-639-1"]), None),
        url=f"{viewer}{bech32('note', bytes.fromhex(event.id))}",
        links=_unique(_links(event)),
        hashtags=hashtags,
        mentions=_unique(name(key) for key in _values(event, "p") if _HEX.fullmatch(key)),
        reply_to=name(parent[1]) if parent else None,
        reply_to_author=_signer(parent, 4) if parent else None,
        thread=name(root) if root else None,
        quote_of=name(quote[1]) if quote else None,
        quote_of_author=_signer(quote, 3 if quote[0] == "q" else 4) if quote else None,
        venue=f"#{asked}" if asked else "Nostr",
    )


def _thread(event: Event) -> tuple[str | None, Tag | None]:
    """The root's id, as far as the event tells it, and the tag of what it answers (NIP-10, both schemes)."""
    tags = list(_tags(event, "e"))
    marked = {_marker(tag): tag for tag in reversed(tags)}
    root, reply = marked.get("root"), marked.get("reply")
    if root or reply:
        return (root[1] if root else None), reply or root
    plain = [tag for tag in tags if not _marker(tag)]
    if not plain:
        return event.id if not tags or "mention" in marked else None, None
    return (plain[0][1] if len(plain) > 1 else None), plain[-1]


def _marker(tag: Tag) -> str:
    return tag[3] if len(tag) > 3 else ""


def _signer(tag: Tag, place: int) -> str | None:
    return name(tag[place]) if len(tag) > place and _HEX.fullmatch(tag[place]) else None


def _tags(event: Event, kind: str, *, hexes: bool = True) -> Iterator[Tag]:
    return (tag for tag in event.tags if tag[:1] == [kind] and len(tag) > 1 and (not hexes or _HEX.fullmatch(tag[1])))


def _values(event: Event, kind: str) -> list[str]:
    return [tag[1] for tag in _tags(event, kind, hexes=False)]


def _links(event: Event) -> Iterator[str]:
    found = (match.rstrip(".,;:!?)") for match in _LINK.findall(event.content))
    return (link for link in (*found, *_values(event, "r")) if web_address(link))


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(item for item in dict.fromkeys(items) if item)[:MAX_ITEMS]
