"""Bluesky's records as posts: ids, threads, authors, links, quotes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from bots.sources.jetstream import POST, REPOST, Account, Commit, Embed, Event, Feature, Record, moment
from streams.records import CLOCK_SKEW, Author, BadPost, Post, erasure

PLATFORM = "bluesky"
GONE: Final = ("deleted", "takendown")  # for good; `suspended` and `deactivated` are meant to pass


class Handles:
    """The names of accounts as identity events told them, newest first to stay; commits carry none."""

    def __init__(self, size: int = 50_000) -> None:
        self._size = size
        self._names: dict[str, str] = {}

    def learn(self, did: str, handle: str | None) -> None:
        """Remember an account's name, or forget it when it has none any more."""
        self._names.pop(did, None)
        if handle and handle != "handle.invalid":
            self._names[did] = handle
            if len(self._names) > self._size:
                del self._names[next(iter(self._names))]

    def get(self, did: str) -> str:
        """The name, or nothing."""
        return self._names.get(did, "")


def post_of(event: Event, commit: Commit, handles: Handles) -> Post | None:
    """The post that a commit makes, changes or deletes; `None` for other collections. Raises `BadPost`."""
    if commit.collection not in (POST, REPOST):
        return None
    identity = f"{PLATFORM}:at://{event.did}/{commit.collection}/{commit.rkey}"
    if commit.operation == "delete":
        return Post(id=identity, op="delete", platform=PLATFORM)
    if commit.operation not in ("create", "update"):
        raise BadPost(f"unknown operation {commit.operation!r}")
    if commit.record is None:
        raise BadPost("the record is missing")
    author = Author(id=f"{PLATFORM}:{event.did}", handle=handles.get(event.did))
    if commit.collection == REPOST:
        return _repost(identity, author, commit.record)
    return _post(identity, author, commit, event.did)


def erasure_of(event: Event, account: Account, gone: Collection[str]) -> Post | None:
    """What erases the author when the account is gone; `None` in all other states, and when it is back."""
    if account.active or account.status not in gone:
        return None
    # Its last posts may be dated by a clock that goes fast: so far ahead a date is let be.
    return erasure(f"{PLATFORM}:{event.did}", moment(event.time) + CLOCK_SKEW)


def _repost(identity: str, author: Author, record: Record) -> Post:
    if record.subject is None:
        raise BadPost("the repost has no subject")
    subject = _id(record.subject.uri)
    return Post(
        id=identity,
        platform=PLATFORM,
        author=author,
        created_at=record.created_at,
        repost_of=subject,
        repost_of_author=_author(record.subject.uri),
        thread=subject,
    )


def _post(identity: str, author: Author, commit: Commit, did: str) -> Post:
    record = commit.record
    assert record is not None  # `post_of` looked
    reply, embed = record.reply, record.embed
    quoted = _quoted(embed) if embed is not None else None
    features = [feature for facet in record.facets for feature in facet.features] if record.facets else []
    return Post(
        id=identity,
        op="update" if commit.operation == "update" else "create",
        platform=PLATFORM,
        author=author,
        text=record.text or (_in_words(embed) if embed is not None else ""),
        created_at=record.created_at,
        lang=record.langs[0] if record.langs else None,
        url=f"https://bsky.app/profile/{did}/post/{commit.rkey}",
        links=_unique(_links(features, embed)) if features or embed is not None else (),
        hashtags=_unique(_tags(features, record)) if features or record.tags else (),
        mentions=_unique(f"{PLATFORM}:{item.did}" for item in features if item.did) if features else (),
        reply_to=_id(reply.parent.uri) if reply is not None else None,
        reply_to_author=_author(reply.parent.uri) if reply is not None else None,
        thread=_id(reply.root.uri) if reply is not None else identity,
        quote_of=_id(quoted) if quoted is not None else None,
        quote_of_author=_author(quoted) if quoted is not None else None,
    )


def _id(uri: str) -> str:
    if not uri.startswith("at://"):
        raise BadPost(f"not an at-uri: {uri[:80]!r}")
    return f"{PLATFORM}:{uri}"


def _author(uri: str) -> str | None:
    """Whom an at-uri belongs to; one that stands under a handle tells no lasting id."""
    did = uri[5:].partition("/")[0]
    return f"{PLATFORM}:{did}" if did.startswith("did:") else None


def _quoted(embed: Embed) -> str | None:
    """The post that is quoted, alone or beside media; feeds, lists and starter packs are no posts."""
    if embed.record is None:
        return None
    uri = embed.record.record.uri if embed.record.record is not None else embed.record.uri
    return uri if uri and f"/{POST}/" in uri else None


def _links(features: list[Feature], embed: Embed | None) -> Iterator[str]:
    yield from (item.uri for item in features if item.uri)
    for part in (embed, embed.media if embed is not None else None):
        if part is not None and part.external is not None:
            yield part.external.uri


def _tags(features: list[Feature], record: Record) -> Iterator[str]:
    yield from (item.tag for item in features if item.tag)
    yield from record.tags or ()


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _in_words(embed: Embed) -> str:
    """What a post without text says: the card's title, the images' descriptions, else what it shows, in brackets.

    A picture in answer to somebody is a turn in the conversation; only its words are missing.
    """
    for part in (embed, embed.media):
        if part is None:
            continue
        said = [part.external.title] if part.external is not None else [image.alt for image in part.images]
        words = "\n".join(filter(None, (*said, part.alt)))
        if words:
            return words
    return f"[{embed.type.removeprefix('app.bsky.embed.') or 'embed'}]"
