"""What the match stage remembers of a post and of a thread, as it stands in the store."""

from __future__ import annotations

from typing import Literal

import msgspec

from streams.records import Post, event_ms

Via = Literal["name", "thread", "quote", "repost"]
CREATE, UPDATE, DELETE = 0, 1, 2
RANK = {"create": CREATE, "update": UPDATE, "delete": DELETE}


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """What a classifier said of a post toward one brand; kept, so that a change of membership costs no second look."""

    sentiment: str
    p: tuple[float, float, float]
    relevance: float | None
    stages: tuple[str, ...]
    model: str


class State(msgspec.Struct, array_like=True):
    """What is known of one post."""

    rank: int
    seen_ms: int
    post: Post | None  # None: deleted
    named: dict[str, tuple[str, ...]] = {}
    quoted: list[str] = []
    via: dict[str, Via] = {}  # the brands it belongs to
    readings: dict[str, Reading] = {}
    expiry_ms: int = 0
    waiting: bool = True  # never belonged to a brand

    @property
    def at_ms(self) -> int:
        """Event time in ms."""
        assert self.post is not None
        return event_ms(self.post)

    @property
    def seeds(self) -> set[str]:
        """The brands that this post makes its thread belong to."""
        return {*self.named, *self.quoted}


class Thread(msgspec.Struct, frozen=True, array_like=True):
    """A thread at a glance. The number of its posts spares the costly look at all of them while there is only one."""

    posts: int = 0
    since: dict[str, int] = {}  # brand -> the earliest seeding time


class Change(msgspec.Struct, frozen=True):
    """One brand gained a post, or kept it with other content, or lost it (`via` is `None`)."""

    brand: str
    post_id: str
    via: Via | None
    state: State


decode_state = msgspec.msgpack.Decoder(State).decode
decode_thread = msgspec.msgpack.Decoder(Thread).decode


def targets_of(post: Post) -> tuple[str, ...]:
    """What a post quotes or reposts."""
    return tuple(target for target in {post.quote_of, post.repost_of} if target is not None)


def expiry_key(state: State, post_id: str) -> bytes:
    """Under which key the store remembers when to forget a post: `w` while it waits, `k` once it has belonged."""
    return (b"w" if state.waiting else b"k") + state.expiry_ms.to_bytes(8, "big") + post_id.encode()
