"""Conversations for the tests of graphs: written out, generated with planted circles, and recorded."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import networkx as nx
import numpy as np

from config.schema import Config
from streams.graph.material import Material, gather
from streams.graph.ties import Ties
from streams.records import Author, Entry, Post, decode_post
from streams.views.columns import identity
from streams.views.frame import Frame
from streams.views.window import Window

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HALF_LIFE = timedelta(days=14)
RECORDING = Path(__file__).parents[4] / "shared" / "recordings" / "threads" / "reddit.jsonl"


def config(**graph: Any) -> Config:
    """One brand with one own account."""
    brand = {"name": "b", "title": "Bee Phone", "terms": ["beephone"], "own": ["x:brand"]}
    return Config.model_validate({"brands": [brand], "graph": graph})


def said(number: int, by: str, to: str | None = None, ago: timedelta = timedelta(), **more: Any) -> Entry:
    """Post `number` by `by`, in answer to `to`; a text of its own unless told otherwise."""
    fields: dict[str, Any] = {"text": f"words of {number}", "lang": "en"} | more
    answer = {"reply_to": f"x:before{number}", "reply_to_author": f"x:{to}"} if to else {}
    sentiment = fields.pop("sentiment", "positive")
    author = Author(f"x:{by}", handle=f"@{by}")
    post = Post(f"x:p{number}", platform="x", author=author, created_at=NOW - ago, **(answer | fields))
    return Entry("b", post, "name", NOW, sentiment=sentiment)


def planted(random: Random, circles: int, members: int, posts: int, crossing: float, days: float = 30) -> list[Entry]:
    """People `c<circle>m<member>` who answer their own circle, and now and then another one."""
    entries = []
    for number in range(posts):
        circle, by = random.randrange(circles), random.randrange(members)
        other = random.randrange(circles) if random.random() < crossing else circle
        to = (by + random.randrange(1, members)) % members
        ago = timedelta(days=random.random() * days, milliseconds=1)
        entries.append(said(number, f"c{circle}m{by}", f"c{other}m{to}", ago))
    return entries


def recorded() -> tuple[list[Entry], list[str]]:
    """(entries, own accounts) of real threads; `ValueError` where they do not lie beside the checkout."""
    if not RECORDING.exists():
        raise ValueError(f"no {RECORDING}")
    posts = [decode_post(line, NOW) for line in RECORDING.read_bytes().splitlines()]
    own = {post.author.id for post in posts if post.author and post.author.role == "admin"}
    return [Entry("b", post, "name", NOW) for post in posts], sorted(own)


def frame_of(entries: Sequence[Entry], own: Sequence[str] = ("x:brand",)) -> Frame:
    frame = Frame(own)
    frame.add_many(entries)
    return frame


def material_of(entries: Sequence[Entry], days: float = 7, **graph: Any) -> Material:
    """What the circles of the last `days` are made from, texts included."""
    window = Window.last(timedelta(days=days), NOW)
    material = gather(frame_of(entries).snapshot(), config(**graph), "b", window, NOW)
    inside = (entry.post for entry in entries if window.start <= (entry.post.created_at or NOW) < window.end)
    return material._replace(texts=[(identity(p.author.id), p.text) for p in inside if p.author and p.text])


def weighed(
    entries: Sequence[Entry], to: datetime, half_life: timedelta, own: Sequence[str]
) -> dict[frozenset[str], float]:
    """The ties once more, from their definition: pair of author ids -> weight."""
    wrote = {e.post.id: e.post.author.id for e in entries if e.post.author}
    weights: dict[frozenset[str], float] = defaultdict(float)
    for post in (entry.post for entry in entries):
        assert post.author is not None and post.created_at is not None
        reference = (post.repost_of, post.repost_of_author) if post.repost_of else (post.quote_of, post.quote_of_author)
        for target, named in ((post.reply_to, post.reply_to_author), reference):
            other = (named or wrote.get(target)) if target else None
            if other and other != post.author.id and post.created_at < to and not {other, post.author.id} & set(own):
                weights[frozenset((other, post.author.id))] += 0.5 ** ((to - post.created_at) / half_life)
    return weights


def graph_of(ties: Ties) -> nx.Graph:
    """The same for networkx; nodes are the places of the accounts."""
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(ties.source.tolist(), ties.target.tolist(), ties.weight.tolist(), strict=True))
    return graph


def groups(label: np.ndarray[Any, np.dtype[np.int64]]) -> list[set[int]]:
    """The members of each circle."""
    found = defaultdict(set)
    for member, circle in enumerate(label.tolist()):
        found[circle].add(member)
    return list(found.values())


def loads(document: bytes) -> dict[str, Any]:
    """A JSON object."""
    made: dict[str, Any] = json.loads(document)
    return made
