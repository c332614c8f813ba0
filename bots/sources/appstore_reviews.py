"""Customer reviews as Apple's feeds give them (JSON made of RSS: every value is a `label`), turned into posts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.markup import tidy, web_address
from streams.records import MAX_TEXT, Author, Post, check_post

PLATFORM = "appstore"
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_USER = re.compile(r"/id(\d+)$")


class NoReviews(ValueError):
    """The answer is no feed of reviews."""


class Review(msgspec.Struct, frozen=True):
    """A review: the post, when it was last written (Unix time), and `looks`, which changes with its words."""

    native: str
    post: Post
    written: int
    looks: str


class _Label(msgspec.Struct, frozen=True):
    label: str = ""


class _Person(msgspec.Struct, frozen=True):
    name: _Label = _Label()
    uri: _Label = _Label()


class _When(msgspec.Struct, frozen=True):
    label: Moment


class _Entry(msgspec.Struct, frozen=True):
    id: _Label
    author: _Person
    updated: _When
    rating: _Label = msgspec.field(name="im:rating")
    votes: _Label = msgspec.field(name="im:voteSum", default=_Label())
    title: _Label = _Label()
    content: _Label = _Label()
    link: Any = None


def read_page(found: Any, app: str, country: str) -> tuple[list[Review], list[Bad]]:
    """The reviews of one page, newest first as it gives them. Raises `NoReviews`."""
    feed = found.get("feed") if isinstance(found, dict) else None
    if not isinstance(feed, dict):
        raise NoReviews("the answer holds no feed")
    entries = feed.get("entry", [])
    reviews, bad = [], []
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, dict) and "im:name" in entry:  # the app itself leads some pages
            continue
        try:
            reviews.append(_review(msgspec.convert(entry, _Entry), app, country))
        except (ValueError, OverflowError) as error:  # msgspec's and `BadPost` are ValueErrors
            bad.append(Bad(msgspec.json.encode(entry), f"unreadable review: {error}", f"{country}/{app}"))
    return reviews, bad


def _review(entry: _Entry, app: str, country: str) -> Review:
    native, at = entry.id.label, entry.updated.label
    text = "\n\n".join(part for part in (tidy(entry.title.label), tidy(entry.content.label)) if part)[:MAX_TEXT]
    post = Post(
        id=f"{PLATFORM}:{native}",
        platform=PLATFORM,
        author=_author(entry.author),
        text=text,
        created_at=at,
        url=_address(entry.link) or f"https://apps.apple.com/{country}/app/id{app}",
        mentions=(f"{PLATFORM}:app/{app}",),
        thread=f"{PLATFORM}:{native}",
        venue=f"App Store {country.upper()}",
        likes=int(entry.votes.label) if entry.votes.label.isdecimal() else None,
    )
    looks = xxhash.xxh3_64_hexdigest(text.encode(errors="replace"))[:8]
    return Review(native, check_post(post, at), int(at.timestamp()), looks)


def _author(person: _Person) -> Author:
    name = tidy(person.name.label)
    found = _USER.search(person.uri.label)
    native = found[1] if found else name
    if not native:
        raise ValueError("it is not signed")
    return Author(id=f"{PLATFORM}:{native}", handle=name, name=name or None)


def _address(link: Any) -> str | None:
    """`link` is one object, or several in a list."""
    first = link[0] if isinstance(link, list) and link else link
    attributes = first.get("attributes") if isinstance(first, dict) else None
    href = attributes.get("href") if isinstance(attributes, dict) else None
    return web_address(href) if isinstance(href, str) else None
