"""A collector that is killed and restarted at will, and all the networks of the contract suite.

Used by the suite, and by `benchmarks.faults` for many more runs of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec

from bots.http import Http
from bots.sources.base import Batch, Retry, Tools
from streams.records import Post, check_post
from tests.contract.source_worlds import HackerNewsWorld, ReplayWorld, RssWorld, World
from tests.contract.worlds.appstore import AppStoreWorld
from tests.contract.worlds.bluesky import BlueskyWorld
from tests.contract.worlds.discord import DiscordWorld
from tests.contract.worlds.discourse import DiscourseWorld
from tests.contract.worlds.github import GitHubWorld
from tests.contract.worlds.lemmy import LemmyWorld
from tests.contract.worlds.mastodon import MastodonWorld
from tests.contract.worlds.nostr import NostrWorld
from tests.contract.worlds.reddit import RedditWorld
from tests.contract.worlds.slack import SlackWorld
from tests.contract.worlds.stackexchange import StackExchangeWorld
from tests.contract.worlds.telegram import TelegramWorld
from tests.contract.worlds.threads import ThreadsWorld
from tests.contract.worlds.wikimedia import WikimediaWorld
from tests.contract.worlds.x import XWorld
from tests.contract.worlds.youtube import YouTubeWorld

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOST_RESTARTS = 60


class Reader:
    """Collects as the runner does, but can be killed after any batch, before or behind the saved resume point."""

    def __init__(self, world: World, http: Http) -> None:
        self.world = world
        self.tools = Tools(http=http, now=lambda: NOW, random=Random(1), brands=world.brands)
        self.cursor: Any = None
        """As it comes back from Kafka."""
        self.posts: list[Post] = []
        self.bad = 0
        self.ended = False
        self.doubled: list[str] = []
        """Posts that were told as new once more although the resume point behind them had been saved."""
        self._saved: dict[str, Post] = {}

    async def read(self, batches: int, *, forget: int = 0) -> None:
        """Take so many batches in a new process; the resume points of the last `forget` were never saved."""
        source = self.world.source(self.world.options(), self.tools)
        cursors, told = [msgspec.json.encode(self.cursor)], list[Sequence[Post]]()
        source.saved(self.cursor)
        for _ in range(MOST_RESTARTS):
            try:
                async with aclosing(cast(Any, source.collect(msgspec.json.decode(cursors[-1])))) as stream:
                    async for batch in stream:
                        self._take(batch, cursors)
                        told.append(batch.posts)
                        source.saved(msgspec.json.decode(cursors[max(0, len(cursors) - 1 - forget)]))
                        if len(cursors) > batches:
                            break
                    else:
                        self.ended = True
                break
            except Retry:
                continue
        else:
            raise AssertionError("it never came through")
        kept = cursors[: max(1, len(cursors) - forget)] if not self.ended else cursors
        self.cursor = msgspec.json.decode(kept[-1])
        self._save([post for posts in told[: len(kept) - 1] for post in posts])

    def _save(self, posts: Sequence[Post]) -> None:
        for post in posts:
            if post.op == "delete":
                self._saved.pop(post.id, None)
            else:
                self.doubled += [post.id] if post.op == "create" and self._saved.get(post.id) == post else []
                self._saved[post.id] = post

    def _take(self, batch: Batch, cursors: list[bytes]) -> None:
        self.posts.extend(check_post(post, NOW) for post in batch.posts)
        self.bad += len(batch.bad)
        cursors.append(msgspec.json.encode(batch.cursor) if batch.cursor is not None else cursors[-1])

    def told(self) -> dict[str, Any]:
        """By post id (or guid) the last thing that was said about it."""
        return {_name(post): _told(post) for post in self.posts}


def _name(post: Post) -> str:
    return post.url.rsplit("/", 1)[1] if post.platform == "rss" and post.url else post.id


def _told(post: Post) -> dict[str, Any] | None:
    if post.op == "delete":
        return None
    author = post.author.id if post.author else None
    return {"text": post.text, "reply_to": post.reply_to, "thread": post.thread, "author": author}


def matches(reader: Reader) -> bool:
    """Whether exactly what the server holds has been told."""
    told, expected = reader.told(), reader.world.expected()
    if told.keys() != expected.keys():
        return False
    return all(
        told[name] is None if want is None else told[name] is not None and want.items() <= told[name].items()
        for name, want in expected.items()
    )


WORLDS: dict[str, Callable[[Path], World]] = {
    "bluesky": lambda folder: BlueskyWorld("v2"),
    "bluesky v1": lambda folder: BlueskyWorld("v1"),
    "hackernews": lambda folder: HackerNewsWorld(),
    "rss": lambda folder: RssWorld(),
    "replay": ReplayWorld,
    "nostr": lambda folder: NostrWorld(),
    "wikimedia": lambda folder: WikimediaWorld(),
    "github": lambda folder: GitHubWorld(),
    "stackexchange": lambda folder: StackExchangeWorld(),
    "mastodon": lambda folder: MastodonWorld(),
    "appstore": lambda folder: AppStoreWorld(),
    "youtube": lambda folder: YouTubeWorld(),
    "discourse": lambda folder: DiscourseWorld(),
    "lemmy": lambda folder: LemmyWorld(),
    "discord": lambda folder: DiscordWorld(resumes=False),
    "discord resuming": lambda folder: DiscordWorld(resumes=True),
    "slack": lambda folder: SlackWorld(),
    "x": lambda folder: XWorld(),
    "threads": lambda folder: ThreadsWorld(),
    "telegram": lambda folder: TelegramWorld(),
    "reddit": lambda folder: RedditWorld(),
}
