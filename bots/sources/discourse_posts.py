"""Posts of a Discourse forum: from the API's record to a post."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.markup import read_html, web_address
from bots.sources.watching import Read
from streams.records import Author, Post

PLATFORM = "discourse"
LIKE = 2  # the number of the action "like"
PUBLIC = frozenset({1, 2})  # kinds of posts that people write: regular ones, and moderators' in their office
_ASIDE = re.compile(r"<(/?)aside\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'\bdata-(topic|post|onebox-src)="([^"]*)"')


class Action(msgspec.Struct, frozen=True):
    """How often something was done to a post."""

    id: int
    count: int = 0


class User(msgspec.Struct, frozen=True):
    """Whom a post answers."""

    username: str


class Record(msgspec.Struct, frozen=True):
    """A post as `/posts.json` gives it, as far as it matters here."""

    id: int
    topic_id: int
    post_number: int
    username: str
    created_at: datetime
    cooked: str
    raw: str | None = None
    name: str | None = None
    topic_slug: str | None = None
    topic_title: str | None = None
    reply_to_post_number: int | None = None
    reply_to_user: User | None = None
    reply_count: int | None = None
    actions_summary: Sequence[Action] = ()
    post_type: int = 1
    user_id: int = 0
    admin: bool = False
    moderator: bool = False
    hidden: bool = False
    user_deleted: bool = False
    deleted_at: str | None = None

    @property
    def public(self) -> bool:
        """Whether it can be read: not deleted, not hidden after flags, not a note on what happened to the topic."""
        return not (self.hidden or self.user_deleted or self.deleted_at) and self.post_type in PUBLIC


class Forum:
    """One forum's names: of posts, people and the forum itself."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.base, self.name = base, f"{parts.netloc}{parts.path}".lower()

    def post_id(self, topic: int | str, number: int | str) -> str:
        """Topic and number are the permanent link of a post, and name its root and parent without another request."""
        return f"{PLATFORM}:{self.name}/{topic}/{number}"

    def user_id(self, username: str) -> str:
        """The id of an author."""
        return f"{PLATFORM}:{self.name}/{username}"

    def read(self, record: Any) -> Read | Bad:
        """A record as what it became; `Bad` alone when not even its number can be read."""
        number = record.get("id") if isinstance(record, dict) else None
        body = msgspec.json.encode(record)
        if not isinstance(number, int):
            return Bad(body, "not a post with an id", self.name)
        try:
            found = msgspec.convert(record, Record)
        except (msgspec.ValidationError, OverflowError) as error:
            return Read(number, "", _hash(body), Bad(body, f"not in the form of a post: {error}", str(number)))
        post_id = self.post_id(found.topic_id, found.post_number)
        post = self._post(found) if found.public else None
        if post is None:
            return Read(number, post_id, "", None)
        title = found.topic_title or "" if found.post_number == 1 else ""
        said = f"{title}\x00{found.raw if found.raw is not None else found.cooked}"
        return Read(number, post_id, _hash(said.encode(errors="replace")), post)

    def _post(self, record: Record) -> Post | None:
        """The post; None where it holds no words."""
        words, heads = own_words(record.cooked)
        text, links = read_html(words, self.base)
        if not text:
            text, links = read_html(record.cooked, self.base)
        if record.post_number == 1 and record.topic_title:
            text = f"{unescape(record.topic_title)}\n\n{text}".strip()
        if not text:
            return None
        post_id, parent = self.post_id(record.topic_id, record.post_number), self._parent(record)
        shown = [address for head in heads if (address := web_address(unescape(head.get("onebox-src", ""))))]
        links = tuple(dict.fromkeys((*links, *shown)))
        return Post(
            id=post_id,
            platform=PLATFORM,
            author=self._author(record),
            text=text,
            created_at=record.created_at,
            url=f"{self.base}/t/{record.topic_slug or '-'}/{record.topic_id}/{record.post_number}",
            links=tuple(link for link in links if not self._inside(link, "u") and not self._inside(link, "tag")),
            hashtags=self._named(links, "tag"),
            mentions=self._named(links, "u"),
            reply_to=parent if parent != post_id else None,
            reply_to_author=self.user_id(record.reply_to_user.username) if record.reply_to_user else None,
            thread=self.post_id(record.topic_id, 1),
            quote_of=next((quote for head in heads if (quote := self._quoted(head)) not in (None, post_id)), None),
            venue=self.name,
            likes=sum(action.count for action in record.actions_summary if action.id == LIKE),
            replies=record.reply_count,
        )

    def _author(self, record: Record) -> Author:
        role = "admin" if record.admin else "moderator" if record.moderator else None
        return Author(
            id=self.user_id(record.username),
            handle=record.username,
            name=record.name or None,
            bot=record.user_id < 0,  # the system and its robots
            role=role,
        )

    def _parent(self, record: Record) -> str | None:
        """What it answers: the post it names, else the topic."""
        if record.post_number == 1:
            return None
        return self.post_id(record.topic_id, record.reply_to_post_number or 1)

    def _quoted(self, head: dict[str, str]) -> str | None:
        topic, post = head.get("topic", ""), head.get("post", "")
        return self.post_id(topic, post) if topic.isdecimal() and post.isdecimal() else None

    def _inside(self, link: str, folder: str) -> bool:
        return link.startswith(f"{self.base}/{folder}/")

    def _named(self, links: Sequence[str], folder: str) -> tuple[str, ...]:
        found = [link.removeprefix(f"{self.base}/{folder}/") for link in links if self._inside(link, folder)]
        return tuple(dict.fromkeys(name.split("/")[0] for name in found if name))


def own_words(cooked: str) -> tuple[str, list[dict[str, str]]]:
    """The HTML without quotes of other posts and previews of linked pages, and what each of those names."""
    kept, heads, depth, start = [], [], 0, 0
    for tag in _ASIDE.finditer(cooked):
        if not tag[1]:
            if not depth:
                kept.append(cooked[start : tag.start()])
                heads.append(dict(_ATTRIBUTE.findall(tag[2])))
            depth += 1
        elif depth:
            depth -= 1
            start = tag.end()
    return "".join(kept) + (cooked[start:] if not depth else ""), heads


def _hash(said: bytes) -> str:
    return xxhash.xxh3_64_hexdigest(said)
