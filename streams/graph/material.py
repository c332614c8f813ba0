"""What circles are made from: a copy of the columns that matter, which may go to another process, and texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import numpy as np

from config.schema import Brand, Config, Views
from streams.graph.names import REACH
from streams.graph.ties import HORIZON, Talk, talk_of
from streams.graph.words import words_in
from streams.views.asked import Asked
from streams.views.columns import EPOCH, Ints
from streams.views.rows import Rows, Snapshot
from streams.views.window import Window

MOST_TEXTS: Final = 10_000  # read for the words; of more posts those with the smallest hashes, an even sample


class Posts(NamedTuple):
    """The window's posts by others than the brand; codes into `Head.platforms` and `languages`, and of sentiment."""

    author: Ints  # hashes
    time: Ints
    post: Ints
    platform: Ints
    lang: Ints
    sentiment: Ints  # -1: not judged
    spoken: Ints  # 1: says something itself, 0: a repost


class Head(msgspec.Struct, frozen=True):
    """The question, and the sizes and floors of the config."""

    brand: str
    start: datetime
    to: datetime
    as_of: datetime
    half_life: timedelta
    authors: int
    edges: int
    voices: int
    brokers: int
    min_posts: int
    min_authors: int
    bootstrap: int
    platforms: Sequence[str]
    languages: Sequence[str]
    silent: Collection[str]  # words that every circle uses: the brand's own

    @property
    def asked(self) -> Asked:
        """The floors, as the views take them."""
        return Asked(Views(min_posts=self.min_posts, min_authors=self.min_authors, bootstrap=self.bootstrap))


class Material(NamedTuple):
    """All of it. `texts`: (hash of the author, text)."""

    head: Head
    talk: Talk
    posts: Posts
    texts: Sequence[tuple[int, str]]


def gather(snapshot: Snapshot, config: Config, brand: str, window: Window, as_of: datetime) -> Material:
    """Everything but the texts, which the columns do not have. For a thread: `snapshot` never changes."""
    graph, views = config.graph, config.views
    head = Head(
        brand=brand,
        start=window.start,
        to=window.end,
        as_of=as_of,
        half_life=graph.half_life,
        authors=graph.authors,
        edges=graph.edges,
        voices=graph.voices,
        brokers=graph.brokers,
        min_posts=views.min_posts,
        min_authors=views.min_authors,
        bootstrap=views.bootstrap,
        platforms=snapshot.platforms,
        languages=snapshot.languages,
        silent=sorted(silent_words(config.brand(brand))),
    )
    past = min(graph.half_life * (HORIZON + REACH), window.end - EPOCH)
    return Material(head, talk_of(snapshot, window.end, past), _posts(snapshot.rows(window)), ())


def silent_words(brand: Brand) -> set[str]:
    """The words of the brand's own name, as `words` compares them."""
    names = (brand.name, brand.title, *brand.terms, *brand.hashtags, *brand.handles, *brand.own)
    return {word for name in names for word in words_in(name.replace("@", " "))}


def _posts(rows: Rows) -> Posts:
    others = ~rows.own
    judged = np.where(rows.judged, rows.sentiment, -1)
    columns = (rows.author, rows.time, rows.post, rows.column("platform"), rows.column("lang"), judged, rows.spoken)
    return Posts(*(np.asarray(column)[others].astype(np.int64) for column in columns))


def wanted(posts: Posts) -> tuple[Ints, Ints]:
    """(times in µs, hashes) of the posts whose texts are read, in the order of time."""
    spoken = np.flatnonzero(posts.spoken)
    chosen = spoken[np.argsort(posts.post[spoken], kind="stable")[:MOST_TEXTS]]
    chosen.sort()
    return posts.time[chosen], posts.post[chosen]
