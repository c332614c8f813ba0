"""Reddit's submissions and comments: from the API's things to posts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.markdown import read_markdown
from bots.sources.markup import read_html, web_address
from bots.sources.watching import Read
from streams.records import Author, Post

PLATFORM = "reddit"
SITE = "https://www.reddit.com"
DELETED = "[deleted]"
Kind = Literal["t3", "t1"]  # submission, comment
Authors = Lru[str, str]
"""Who wrote what, by full name: a comment names what it answers, but not whom."""


class Original(msgspec.Struct, frozen=True):
    """What a crosspost shows."""

    title: str = ""
    author: str | None = None


class Thing(msgspec.Struct, frozen=True):
    """A submission (with `title`) or a comment (with `body`)."""

    name: str
    created_utc: float
    subreddit: str
    permalink: str
    author: str | None = None
    title: str = ""
    selftext: str = ""
    selftext_html: str | None = None
    body: str = ""
    body_html: str | None = None
    link_id: str = ""
    link_author: str = ""
    parent_id: str = ""
    url: str = ""
    url_overridden_by_dest: str = ""
    is_self: bool = False
    removed_by_category: str | None = None
    distinguished: str | None = None
    score: int | None = None
    num_comments: int | None = None
    crosspost_parent: str | None = None
    crosspost_parent_list: list[Original] = []

    @property
    def comment(self) -> bool:
        """Whether it is one."""
        return self.name.startswith("t1_")

    @property
    def at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.created_utc, UTC)

    @property
    def signed(self) -> str:
        """Who wrote it; `[deleted]` once the account is gone."""
        return self.author or DELETED

    @property
    def public(self) -> bool:
        """Whether neither its author, nor a moderator, nor Reddit took it away."""
        text = self.body if self.comment else self.selftext
        taken = text in (DELETED, "[removed]") or text.startswith("[ Removed by ")
        return self.removed_by_category is None and not taken


def number_of(child: Any, kind: Kind) -> int | None:
    """A thing's number: the rest of its full name, which counts up in base 36."""
    data = child.get("data") if isinstance(child, dict) else None
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name.startswith(f"{kind}_") or not name.isascii() or len(name) > 15:
        return None
    try:
        return int(name[3:], 36)
    except ValueError:
        return None


def name_of(number: int, kind: Kind) -> str:
    """The full name of a number."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"{kind}_{digits or '0'}"


def read_thing(child: Any, kind: Kind) -> Thing | Bad:
    """A child of a listing, or why it is none."""
    try:
        thing = msgspec.convert(child["data"], Thing)
        _ = thing.at
        if kind == "t1" and not (thing.link_id.startswith("t3_") and thing.parent_id):
            raise ValueError("a comment on nothing")
        if kind == "t3" and not thing.title:
            raise ValueError("a submission without a title")
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        record = msgspec.json.encode(child)
        return Bad(record, f"not in the form of a {kind}: {error}", str(number_of(child, kind) or ""))
    return thing


def said_in(thing: Thing | Bad) -> str:
    """A hash of all that an edit or deletion changes; "" for what is not public."""
    if isinstance(thing, Bad):
        return _hash(thing.record.decode(errors="replace"))
    parts = (thing.title, thing.selftext, thing.body, thing.url, thing.signed)
    return _hash("\x00".join(parts)) if thing.public else ""


def read_post(thing: Thing | Bad, number: int, authors: Authors) -> Read:
    """What became of it."""
    if isinstance(thing, Bad):
        return Read(number, "", said_in(thing), thing)
    post = _post(thing, authors) if thing.public else None
    return Read(number, _id(thing.name), said_in(thing), post)


def _post(thing: Thing, authors: Authors) -> Post | None:
    """The post; None where it holds no words."""
    text, links = _words(thing)
    if not text:
        return None
    root = thing.link_id if thing.comment else thing.name
    answered = authors.get(thing.parent_id) or (thing.link_author if thing.parent_id == thing.link_id else "")
    original = thing.crosspost_parent_list[0] if thing.crosspost_parent_list else Original()
    repeated = thing.crosspost_parent
    same = text.casefold() == original.title.strip().casefold()  # nothing of one's own: repeated, not quoted
    return Post(
        id=_id(thing.name),
        platform=PLATFORM,
        author=_author(thing),
        text=text,
        created_at=thing.at,
        url=web_address(thing.permalink, SITE),
        links=tuple(dict.fromkeys(link for link in links if _user(link) is None)),
        mentions=tuple(dict.fromkeys(name for link in links if (name := _user(link)) is not None)),
        reply_to=_id(thing.parent_id) if thing.comment else None,
        thread=_id(root),
        reply_to_author=_account(answered) if thing.comment else None,
        repost_of=_id(repeated) if repeated and same else None,
        repost_of_author=_account(original.author) if repeated and same else None,
        quote_of=_id(repeated) if repeated and not same else None,
        quote_of_author=_account(original.author) if repeated and not same else None,
        venue=f"r/{thing.subreddit}",
        likes=thing.score,
        replies=None if thing.comment else thing.num_comments,  # of a comment Reddit gives the submission's number
    )


def _words(thing: Thing) -> tuple[str, tuple[str, ...]]:
    """Title and text without markup, and the links: what is shared first."""
    html = thing.body_html if thing.comment else thing.selftext_html
    source = thing.body if thing.comment else thing.selftext
    text, links = read_html(html, SITE) if html else read_markdown(source)
    own = thing.is_self or thing.comment or thing.crosspost_parent is not None
    shared = None if own else web_address(thing.url_overridden_by_dest or thing.url, SITE)
    text = "\n\n".join(part for part in (thing.title.strip(), text.replace("\u200b", "").strip()) if part)
    return text, (shared, *links) if shared else links


def _author(thing: Thing) -> Author:
    """Names are not case-sensitive, and never change."""
    bot = thing.signed == "AutoModerator"
    return Author(id=_id(thing.signed.lower()), handle=thing.signed, bot=bot, role=thing.distinguished)


def _account(name: str | None) -> str | None:
    return _id(name.lower()) if name and not name.startswith("[") else None


def _user(link: str) -> str | None:
    """The account that a link to a profile on Reddit mentions."""
    parts = urlsplit(link)
    steps = parts.path.strip("/").split("/")
    ours = (parts.hostname or "").removeprefix("www.").removeprefix("old.") == "reddit.com"
    return steps[1] if ours and len(steps) == 2 and steps[0].lower() in ("u", "user") else None


def _id(name: str) -> str:
    return f"{PLATFORM}:{name}"


def _hash(said: str) -> str:
    return xxhash.xxh3_64_hexdigest(said.encode(errors="replace"))
