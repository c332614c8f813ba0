"""Posts of the X API v2 as posts of ours (docs.x.com/x-api/fundamentals/data-dictionary).

An edit makes a new id; the first one, at the head of `edit_history_tweet_ids`, stays the post's id here. Ids tell their
time: milliseconds since X's epoch, shifted by 22 bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Literal, TypeVar

import msgspec

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.x_forms import Answer, Tweet, User
from streams.records import Author, Post

PLATFORM = "x"
_Form = TypeVar("_Form")
_EPOCH_MS = 1_288_834_974_657
_STATUS = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/\w+/status/(\d+)")
_NO_LANGUAGE = frozenset({"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"})  # what X says of posts without words
_LANGUAGES = {"in": "id", "iw": "he"}  # X's old names


class Read(msgspec.Struct, frozen=True):
    """A post that was read: its first id, the version it was read in, the latest there is, and itself."""

    first: str
    version: int
    latest: int
    post: Post


class Names:
    """Which first id the id of a later version belongs to; the newest 20,000 are remembered."""

    def __init__(self) -> None:
        self._first: Lru[str, str] = Lru(20_000)

    def learn(self, tweet: Tweet) -> None:
        """Remember the versions of a post that was edited."""
        for version in tweet.versions[1:]:
            self._first.put(version, tweet.versions[0])

    def id(self, version: str) -> str:
        """The post's id here."""
        return f"{PLATFORM}:{self._first.get(version) or version}"


def read_answer(answer: Answer, names: Names) -> tuple[list[Read], list[Bad]]:
    """The posts in an answer and those they refer to, oldest first; and what could not be read."""
    asked, bad = _all(answer.data, Tweet)
    below, _ = _all(answer.includes.tweets, Tweet)  # what is malformed there is nobody's news
    users = {user.id: user for user in _all(answer.includes.users, User)[0]}
    known = {tweet.id: tweet for tweet in (*below, *asked)}
    for tweet in known.values():
        names.learn(tweet)
    tweets = sorted(known.values(), key=lambda tweet: int(tweet.id))
    return [_read(tweet, users, known, names) for tweet in tweets], bad


def _all(records: Iterable[Any], kind: type[_Form]) -> tuple[list[_Form], list[Bad]]:
    found: list[_Form] = []
    bad: list[Bad] = []
    for record in records:
        try:
            found.append(msgspec.convert(record, kind))
        except msgspec.ValidationError as error:
            bad.append(Bad(msgspec.json.encode(record), str(error)))
    return found, bad


def _read(tweet: Tweet, users: Mapping[str, User], known: Mapping[str, Tweet], names: Names) -> Read:
    first = tweet.versions[0]
    refers = {reference.type: reference.id for reference in reversed(tweet.referenced_tweets)}
    parent, quoted, repeated = refers.get("replied_to"), refers.get("quoted"), refers.get("retweeted")
    user = users.get(tweet.author_id, User(tweet.author_id))
    op: Literal["create", "update"] = "create" if tweet.id == first else "update"
    text, links = _words(tweet, quoted)
    post = Post(
        id=f"{PLATFORM}:{first}",
        op=op,
        platform=PLATFORM,
        author=Author(
            id=f"{PLATFORM}:{user.id}",
            handle=user.username,
            name=user.name or None,
            followers=user.public_metrics.get("followers_count"),
        ),
        text="" if repeated else text,
        created_at=time_of(first) if op == "update" else tweet.created_at or time_of(first),
        lang=None if tweet.lang in _NO_LANGUAGE else _LANGUAGES.get(tweet.lang, tweet.lang) or None,
        url=f"https://x.com/{user.username or 'i'}/status/{tweet.id}",
        links=() if repeated else links,
        hashtags=() if repeated else _unique(tag.tag for tag in _entities(tweet, "hashtags")),
        mentions=() if repeated else _unique(name.username for name in _entities(tweet, "mentions")),
        reply_to=names.id(parent) if parent else None,
        reply_to_author=f"{PLATFORM}:{tweet.in_reply_to_user_id}" if parent and tweet.in_reply_to_user_id else None,
        repost_of=names.id(repeated) if repeated else None,
        repost_of_author=_author(known, repeated),
        quote_of=names.id(quoted) if quoted else None,
        quote_of_author=_author(known, quoted),
        thread=names.id(repeated or tweet.conversation_id or first),
        likes=tweet.public_metrics.get("like_count"),
        reposts=tweet.public_metrics.get("retweet_count"),
        replies=tweet.public_metrics.get("reply_count"),
    )
    return Read(first, int(tweet.id), int(tweet.versions[-1]), post)


def _words(tweet: Tweet, quoted: str | None) -> tuple[str, tuple[str, ...]]:
    """The text with links as they lead, without those to its own pictures and to what it quotes; and the links."""
    raw = tweet.note_tweet.text if tweet.note_tweet is not None else tweet.text
    text, links = raw, list[str]()
    for link in _entities(tweet, "urls"):
        target = link.unwound_url or link.expanded_url or link.url
        status = _STATUS.match(link.expanded_url)
        own = bool(link.media_key) or (status is not None and status[1] in (quoted, *tweet.versions))
        if not own:
            links.append(target)
        if link.url:
            text = text.replace(link.url, "" if own else link.expanded_url or link.url)
    text = unescape(text).strip()
    if not text:
        text = "[media]" if tweet.attachments else "[quote]" if quoted else unescape(raw)
    return text, _unique(links)


def _entities(tweet: Tweet, kind: Literal["urls", "hashtags", "mentions"]) -> list[Any]:
    """Of the short text and of the long one, whose beginning it is."""
    both = (tweet.entities, tweet.note_tweet.entities) if tweet.note_tweet is not None else (tweet.entities,)
    return [item for entities in both for item in getattr(entities, kind)]


def _author(known: Mapping[str, Tweet], number: str | None) -> str | None:
    return f"{PLATFORM}:{known[number].author_id}" if number is not None and number in known else None


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))


def time_of(number: str) -> datetime:
    """When a post with this id was written."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(int(number) >> 22) + _EPOCH_MS)


def number_at(seconds: float) -> int:
    """The lowest id of a post written at a Unix time."""
    return max(1, (int(seconds * 1_000) - _EPOCH_MS) << 22)
