"""Questions of Stack Exchange with their answers and comments (api.stackexchange.com/docs), turned into posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import unescape

import msgspec

from bots.sources.base import Bad
from bots.sources.markup import read_html
from streams.records import Author, Post

PLATFORM = "stackexchange"


class _User(msgspec.Struct, frozen=True):
    """A shallow user; one that was deleted has no number, and perhaps no name."""

    user_id: int | None = None
    display_name: str = ""
    user_type: str = ""


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    creation_date: int
    body: str = ""
    owner: _User = _User()
    link: str | None = None
    score: int = 0


class _Question(_Written, frozen=True, kw_only=True):
    question_id: int
    last_activity_date: int
    title: str
    tags: tuple[str, ...] = ()
    answer_count: int | None = None
    answers: tuple[msgspec.Raw, ...] = ()
    comments: tuple[msgspec.Raw, ...] = ()


class _Answer(_Written, frozen=True, kw_only=True):
    answer_id: int
    comments: tuple[msgspec.Raw, ...] = ()


class _Comment(_Written, frozen=True, kw_only=True):
    comment_id: int
    reply_to_user: _User | None = None


class Talk(msgspec.Struct, frozen=True):
    """A question and all below it: its thread, its last activity (Unix time), the posts by name, and what is bad."""

    thread: str
    at: int
    posts: dict[str, Post]
    bad: list[Bad]


def read_talks(items: Iterable[msgspec.Raw], site: str) -> tuple[list[Talk], list[Bad]]:
    """The talks of a page, and the bad records in and among them."""
    talks, bad = list[Talk](), list[Bad]()
    for raw in items:
        try:
            talk = _Reader(site).read(bytes(raw))
        except (ValueError, OverflowError, OSError, RecursionError) as error:
            bad.append(Bad(bytes(raw), f"not in the form of a question: {error}", site))
        else:
            talks.append(talk)
            bad += talk.bad
    return talks, bad


def deletion(thread: str, name: str) -> Post:
    """That a post is gone."""
    site, _, number = thread.partition("/")
    return Post(id=_id(site, name or number), op="delete", platform=PLATFORM, thread=f"{PLATFORM}:{thread}")


class _Reader:
    def __init__(self, site: str) -> None:
        self._site = site
        self._posts: dict[str, Post] = {}
        self._bad: list[Bad] = []
        self._tags: tuple[str, ...] = ()
        self._root = ""

    def read(self, raw: bytes) -> Talk:
        question = msgspec.json.decode(raw, type=_Question)
        self._root, self._tags = _id(self._site, str(question.question_id)), question.tags
        top = self._post(self._root, question, None)
        text = "\n\n".join(part for part in (read_html(question.title)[0], top.text) if part)
        self._posts[""] = top = msgspec.structs.replace(top, text=text, replies=question.answer_count)
        self._comments(question.comments, top)
        for answer in question.answers:
            self._answer(bytes(answer), top)
        thread = f"{self._site}/{question.question_id}"
        return Talk(thread, question.last_activity_date, self._posts, self._bad)

    def _answer(self, raw: bytes, top: Post) -> None:
        try:
            answer = msgspec.json.decode(raw, type=_Answer)
            post = self._post(_id(self._site, str(answer.answer_id)), answer, top)
        except (ValueError, OverflowError, OSError, RecursionError) as error:
            self._bad.append(Bad(raw, f"not in the form of an answer: {error}", self._root))
            return
        self._posts[str(answer.answer_id)] = post
        self._comments(answer.comments, post)

    def _comments(self, comments: Sequence[msgspec.Raw], above: Post) -> None:
        for raw in comments:
            try:
                comment = msgspec.json.decode(bytes(raw), type=_Comment)
                name = f"comment-{comment.comment_id}"
                post = self._post(_id(self._site, name), comment, above)
            except (ValueError, OverflowError, OSError, RecursionError) as error:
                self._bad.append(Bad(bytes(raw), f"not in the form of a comment: {error}", self._root))
                continue
            if comment.reply_to_user is not None:
                post = msgspec.structs.replace(post, reply_to_author=self._author(comment.reply_to_user).id)
            self._posts[name] = post

    def _post(self, post_id: str, written: _Written, above: Post | None) -> Post:
        text, links = read_html(written.body)
        return Post(
            id=post_id,
            platform=PLATFORM,
            author=self._author(written.owner),
            text=text,
            created_at=datetime.fromtimestamp(written.creation_date, UTC),
            url=written.link,
            links=links,
            hashtags=self._tags,
            reply_to=above.id if above else None,
            reply_to_author=above.author.id if above and above.author else None,
            thread=self._root,
            venue=self._site,
            likes=written.score if written.score >= 0 else None,
        )

    def _author(self, user: _User) -> Author:
        name = unescape(user.display_name)
        known = str(user.user_id) if user.user_id is not None else f"~{name or 'deleted'}"
        role = "moderator" if user.user_type == "moderator" else None
        return Author(id=_id(self._site, f"user-{known}"), handle=name, role=role)


def _id(site: str, name: str) -> str:
    return f"{PLATFORM}:{site}/{name}"
