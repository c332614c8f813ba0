"""Posts and comments of Lemmy: from the API's views to posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.markdown import read_markdown
from bots.sources.markup import web_address
from bots.sources.watching import Read
from streams.records import Author, Post

PLATFORM = "lemmy"
Kind = Literal["post", "comment"]


class Thing(msgspec.Struct, frozen=True):
    """A post (with `name`) or a comment (with `content` and `path`)."""

    id: int
    ap_id: str
    published: datetime
    name: str = ""
    body: str | None = None
    url: str | None = None
    content: str = ""
    path: str = ""
    deleted: bool = False
    removed: bool = False

    @property
    def public(self) -> bool:
        """Whether neither its author nor a moderator took it away."""
        return not (self.deleted or self.removed)

    @property
    def at(self) -> datetime:
        """When it was written; servers before 0.19 leave the time zone out, which is UTC."""
        return self.published if self.published.tzinfo else self.published.replace(tzinfo=UTC)

    @property
    def above(self) -> int | None:
        """The comment that a comment answers; None where it answers the post. `path` is 0.<root>.….<itself>."""
        steps = self.path.split(".")
        return int(steps[-2]) if len(steps) > 2 else None


class Actor(msgspec.Struct, frozen=True):
    """A person or a community."""

    name: str
    actor_id: str
    display_name: str | None = None
    bot_account: bool = False

    @property
    def handle(self) -> str:
        """`name@host`."""
        return f"{self.name}@{urlsplit(self.actor_id).netloc}"


class Counts(msgspec.Struct, frozen=True):
    """Votes and answers."""

    upvotes: int | None = None
    comments: int | None = None
    child_count: int | None = None


class View(msgspec.Struct, frozen=True):
    """An element of `posts` or `comments`."""

    post: Thing
    creator: Actor
    community: Actor
    comment: Thing | None = None
    counts: Counts = Counts()


def number_of(view: Any, kind: Kind) -> int | None:
    """The instance's own number of a post or comment, if it can be read."""
    thing = view.get(kind) if isinstance(view, dict) else None
    number = thing.get("id") if isinstance(thing, dict) else None
    return number if isinstance(number, int) else None


def read_view(view: Any, kind: Kind) -> View | Bad:
    """A view, or why it is none."""
    try:
        found = msgspec.convert(view, View)
        thing = found.post if kind == "post" else found.comment
        if thing is None or not web_address(thing.ap_id) or not web_address(found.post.ap_id):
            raise ValueError("without ap_id")
        if kind == "comment":
            _ = thing.above
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return Bad(msgspec.json.encode(view), f"not in the form of a {kind}: {error}", str(number_of(view, kind) or ""))
    return found


def read_thing(view: View | Bad, number: int, parents: Mapping[int, str]) -> Read:
    """What a view became; `parents` are the addresses of the comments that are answered."""
    if isinstance(view, Bad):
        return Read(number, "", _hash(view.record), view)
    thing = view.comment or view.post
    post = _post(view, thing, parents) if thing.public else None
    said = "\x00".join((thing.name, thing.body or "", thing.url or "", thing.content))
    return Read(number, _id(thing.ap_id), _hash(said.encode(errors="replace")) if post else "", post)


def _post(view: View, thing: Thing, parents: Mapping[int, str]) -> Post | None:
    """The post; None where it holds no words."""
    text, links = read_markdown("\n\n".join(part for part in (thing.name, thing.body, thing.content) if part))
    if not text:
        return None
    root, parent = view.post.ap_id, None
    if view.comment is not None:
        parent = parents.get(thing.above, root) if thing.above is not None else root
    shared = web_address(thing.url) if thing.url else None
    links = (shared, *links) if shared else links
    return Post(
        id=_id(thing.ap_id),
        platform=PLATFORM,
        author=Author(
            id=_id(view.creator.actor_id),
            handle=view.creator.handle,
            name=view.creator.display_name or None,
            bot=view.creator.bot_account,
        ),
        text=text,
        created_at=thing.at,
        url=thing.ap_id,
        links=tuple(dict.fromkeys(link for link in links if "/u/" not in urlsplit(link).path)),
        mentions=tuple(dict.fromkeys(handle for link in links if (handle := _person(link)))),
        reply_to=_id(parent) if parent else None,
        thread=_id(root),
        venue=view.community.handle,
        likes=view.counts.upvotes,
        replies=view.counts.comments if view.comment is None else view.counts.child_count,
    )


def _person(link: str) -> str | None:
    parts = urlsplit(link)
    if not parts.path.startswith("/u/"):
        return None
    name = parts.path.removeprefix("/u/").strip("/")
    return name if "@" in name else f"{name}@{parts.netloc}"


def _id(address: str) -> str:
    return f"{PLATFORM}:{address}"


def _hash(said: bytes) -> str:
    return xxhash.xxh3_64_hexdigest(said)
