"""GitHub's issues, comments and releases (docs.github.com/rest), as the REST API gives them, turned into posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad
from bots.sources.markup import read_html, tidy
from streams.records import Author, Post

PLATFORM = "github"
Kind = Literal["issues", "comments", "releases"]
KINDS: tuple[Kind, ...] = ("issues", "comments", "releases")
_MENTION = re.compile(r"(?<![\w@/.`-])@([A-Za-z\d](?:-?[A-Za-z\d]){0,38})(?![\w/-])")
_NUMBER = re.compile(r"/issues/(\d+)$")


class _User(msgspec.Struct, frozen=True):
    login: str
    type: str = "User"


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """What all three have. Without an author the account was deleted: GitHub shows it as `ghost`."""

    id: int
    html_url: str
    created_at: datetime
    user: _User | None = None
    author: _User | None = None  # a release's name for it
    author_association: str = "NONE"
    body: str | None = None
    body_html: str | None = None
    reactions: dict[str, Any] = {}

    def read(self, title: str = "") -> tuple[str, tuple[str, ...]]:
        """Title and text without markup, and the links in it."""
        text, links = read_html(self.body_html) if self.body_html else (tidy(self.body or ""), ())
        return "\n\n".join(part for part in (title.strip(), text) if part), links

    def signed(self) -> Author:
        """Who wrote it; names are not case-sensitive."""
        user = self.user or self.author or _User("ghost")
        role = self.author_association.lower()
        return Author(
            id=f"{PLATFORM}:{user.login.lower()}",
            handle=user.login,
            bot=user.type == "Bot",
            role=None if role == "none" else role,
        )


class _Issue(_Written, frozen=True, kw_only=True):
    """An issue or a pull request."""

    number: int
    title: str
    updated_at: datetime
    comments: int | None = None


class _Comment(_Written, frozen=True, kw_only=True):
    issue_url: str
    updated_at: datetime


class _Release(_Written, frozen=True, kw_only=True):
    tag_name: str
    name: str | None = None
    draft: bool = False
    published_at: datetime | None = None


class Record(msgspec.Struct, frozen=True):
    """A post, the thread it is in, its name there, and by what time (Unix, s) the list is ordered or bounded."""

    thread: str
    name: str
    at: int
    post: Post


class Page(msgspec.Struct, frozen=True):
    """One page of a list, and whether there are more."""

    records: list[Record]
    bad: list[Bad]
    more: bool = False


class Names:
    """Ids as they stand in addresses; another server than github.com is told apart by its host."""

    def __init__(self, base_url: str) -> None:
        host = urlsplit(base_url).hostname or ""
        self._prefix = f"{PLATFORM}:" if host == "api.github.com" else f"{PLATFORM}:{host}/"

    def id(self, thread: str, name: str = "") -> str:
        """`owner/name/issues/7` and the number of a comment, if it is one, as a post's id."""
        return f"{self._prefix}{thread}#issuecomment-{name}" if name else f"{self._prefix}{thread}"

    def deletion(self, thread: str, name: str) -> Post:
        """That a post is gone."""
        return Post(id=self.id(thread, name), op="delete", platform=PLATFORM, thread=self.id(thread))


def read_page(body: bytes, repository: str, kind: Kind, names: Names, *, more: bool = False) -> Page:
    """A page of one of the three lists. Raises `HttpError` when it is no list at all."""
    try:
        raws = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise HttpError(f"{kind} of {repository} are no list: {error}", HTTPStatus.OK) from error
    page = Page([], [], more)
    for raw in raws:
        try:
            record = _READ[kind](bytes(raw), repository, names)
        except (ValueError, OverflowError, RecursionError) as error:
            page.bad.append(Bad(bytes(raw), f"not in the form of {kind}: {error}", repository))
            continue
        if record is not None:
            page.records.append(record)
    return page


def comment_ids(body: bytes) -> list[str]:
    """The numbers of the comments on a page. Raises `HttpError`."""
    try:
        return [str(found["id"]) for found in msgspec.json.decode(body, type=list[dict[str, Any]])]
    except (ValueError, KeyError) as error:
        raise HttpError(f"comments are no list: {error}", HTTPStatus.OK) from error


def _issue(raw: bytes, repository: str, names: Names) -> Record:
    issue = msgspec.json.decode(raw, type=_Issue)
    thread = f"{repository}/issues/{issue.number}"
    post = _post(issue, names.id(thread), repository, issue.title, issue.comments)
    return Record(thread, "", _seconds(issue.updated_at), post)


def _comment(raw: bytes, repository: str, names: Names) -> Record:
    comment = msgspec.json.decode(raw, type=_Comment)
    number = _NUMBER.search(comment.issue_url)
    if number is None:
        raise ValueError("`issue_url` names no issue")
    thread = f"{repository}/issues/{number[1]}"
    post = _post(comment, names.id(thread, str(comment.id)), repository)
    post = msgspec.structs.replace(post, reply_to=names.id(thread), thread=names.id(thread))
    return Record(thread, str(comment.id), _seconds(comment.updated_at), post)


def _release(raw: bytes, repository: str, names: Names) -> Record | None:
    release = msgspec.json.decode(raw, type=_Release)
    if release.draft or release.published_at is None:
        return None
    thread = f"{repository}/releases/{release.id}"
    post = _post(release, names.id(thread), repository, release.name or release.tag_name)
    post = msgspec.structs.replace(post, created_at=release.published_at)
    return Record(thread, "", _seconds(release.published_at), post)


_READ: Mapping[Kind, Any] = {"issues": _issue, "comments": _comment, "releases": _release}


def _post(written: _Written, post_id: str, repository: str, title: str = "", replies: int | None = None) -> Post:
    text, links = written.read(title)
    author = written.signed()
    likes = written.reactions.get("+1")
    return Post(
        id=post_id,
        platform=PLATFORM,
        author=author,
        text=text,
        created_at=written.created_at,
        url=written.html_url,
        links=links,
        mentions=tuple(dict.fromkeys(_MENTION.findall(text))),
        thread=post_id,
        venue=repository,
        likes=likes if isinstance(likes, int) else None,
        replies=replies,
    )


def _seconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return int(at.astimezone(UTC).timestamp())
