"""Drives a source as the runner would, and keeps what a reader of the topic would be left with."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from bots.http import Http
from bots.sources.base import Gap, Retry, Source, Tools
from bots.sources.registry import SOURCES
from streams.records import Post, erases


@dataclass
class Collected:
    """What was told, in order, and what is left of it when edits and deletions are done."""

    told: list[Post] = field(default_factory=list)
    left: dict[str, Post] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    batches: int = 0

    @property
    def texts(self) -> dict[str, str]:
        """Id to text of what is left."""
        return {name: post.text for name, post in self.left.items()}

    def take(self, post: Post) -> None:
        """One post, edit, deletion or erasure of an author."""
        self.told.append(post)
        if post.erases_author:
            self.left = {name: other for name, other in self.left.items() if not erases(post, other)}
        elif post.op == "delete":
            self.left.pop(post.id, None)
        else:
            self.left[post.id] = post


class Collecting:
    """One source over several lives: each begins where the last saved resume point stands, as JSON keeps it."""

    def __init__(self, name: str, http: Http, options: dict[str, Any]) -> None:
        self._name, self._http, self._options = name, http, options
        self.found, self.cursor = Collected(), cast(Any, None)
        self.ahead = timedelta(0)  # how far the source's clock is ahead of ours

    async def life(self, enough: Callable[[Collected], bool], kind: type[Source] | None = None) -> Collected:
        """Collect until it is enough, going on after each `Retry`; then drop the source where it stands."""
        kind = kind or SOURCES[self._name]
        tools = Tools(self._http, lambda: datetime.now(UTC) + self.ahead, Random(1), ())
        source = kind(kind.options_type.model_validate(self._options), tools)
        while not await self._call(source, enough):
            pass
        return self.found

    async def _call(self, source: Source, enough: Callable[[Collected], bool]) -> bool:
        try:
            async with aclosing(cast(Any, source.collect(self.cursor))) as batches:
                async for batch in batches:
                    for post in batch.posts:
                        self.found.take(post)
                    self.found.bad += [item.reason for item in batch.bad]
                    self.found.gaps += [batch.gap] if batch.gap else []
                    self.found.batches += 1
                    if batch.cursor is not None:
                        self.cursor = json.loads(json.dumps(batch.cursor))
                    if enough(self.found):
                        return True
        except Retry as error:
            self.found.retries.append(str(error))
        return False
