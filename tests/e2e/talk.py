"""A made-up conversation whose every number is known: posts in the order they are sent, and what must come of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from config.schema import Brand, Views
from streams.records import Author, Entry, Post
from streams.views.asked import Asked
from streams.views.frame import Frame
from streams.views.pulse import pulse
from streams.views.voice import VoiceCounts, share_of_voice, voice_counts
from streams.views.window import Window

SEEN = datetime(2026, 1, 1, tzinfo=UTC)  # of the expected entries: no number depends on when a post was seen


@dataclass
class Talk:
    """Threads about one brand. `posts` are sent as they stand; `kept` is what belongs to the brand in the end."""

    brand: str
    start: datetime
    posts: list[Post] = field(default_factory=list)
    kept: dict[str, Entry] = field(default_factory=dict)

    def thread(self, number: int) -> None:
        """One thread: a root that names the brand, talk that does not, a quote, a repost, an edit and a deletion."""
        root = self._say(number, 0, f"What do you think of {self.brand}?", "name")
        answer = self._say(number, 1, "I like it, it lasts.", "thread", reply_to=root.id, thread=root.id)
        self._say(number, 2, "Mine broke.", "thread", reply_to=answer.id, thread=root.id)
        self._say(number, 3, "Worth reading", "quote", quote_of=answer.id)
        self._say(number, 4, "", "repost", repost_of=root.id, thread=root.id)
        if number % 2:
            self._say(number, 5, "We can help.", "name", by=f"test:own-{self.brand}", reply_to=root.id, thread=root.id)
        if number % 3 == 0:
            self._gone(self._say(number, 6, f"{self.brand}? Never.", "name"), op="delete")
        if number % 3 == 1:
            self._gone(self._say(number, 7, f"{self.brand} again", "name"), op="update", text="something else")
        self.posts.append(self._post(number, 8, "Nothing to do with anybody", by=None))

    def _say(self, number: int, step: int, text: str, via: str, *, by: str | None = None, **more: str) -> Post:
        post = self._post(number, step, text, by=by, **more)
        self.posts.append(post)
        fields = {"brand": self.brand, "post": post, "via": via, "seen_at": SEEN}
        self.kept[post.id] = msgspec.convert(fields, Entry)
        return post

    def _post(self, number: int, step: int, text: str, *, by: str | None, **more: str) -> Post:
        author = by or f"test:{self.brand}-{(number * 5 + step * 3) % 11}"
        post = Post(
            id=f"test:{self.brand}-{number}-{step}",
            platform="test",
            author=Author(id=author),
            text=text,
            lang="en",
            created_at=self.start + timedelta(minutes=number * 10 + step),
        )
        return msgspec.structs.replace(post, **more)

    def _gone(self, post: Post, **change: str) -> None:
        self.posts.append(msgspec.structs.replace(post, **change))
        del self.kept[post.id]


def lines(posts: Iterable[Post]) -> Iterator[bytes]:
    """The posts as a file for `tertulia replay`."""
    for post in posts:
        yield msgspec.json.encode(post) + b"\n"


def expected(talks: Sequence[Talk], brands: Sequence[Brand], window: Window, views: Views) -> dict[str, Any]:
    """The pulse of every brand by one clean pass over what is kept, as the API spells it (without its moment)."""
    frames = {brand.name: Frame.of(brand) for brand in brands}
    for talk in talks:
        frames[talk.brand].add_many(talk.kept.values())
    counts: dict[str, VoiceCounts] = {name: voice_counts(frame.rows(window)) for name, frame in frames.items()}
    return {
        name: as_json(pulse(frame, window, views))
        | {"share_of_voice": as_json(share_of_voice(name, counts, Asked(views))), "missing": [], "gaps": []}
        for name, frame in frames.items()
    }


def as_json(answer: msgspec.Struct) -> Any:
    """A struct as who asks over HTTP reads it."""
    return msgspec.json.decode(msgspec.json.encode(answer))
