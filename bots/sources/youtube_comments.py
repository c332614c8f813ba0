"""Looks at YouTube through its API: comments of a video, replies to one, configured videos, what was told before."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from bots.sources.base import Bad, Batch, Gap
from bots.sources.lru import Lru
from bots.sources.youtube_api import MOST_IDS, Closed, Missing, YouTubeApi
from bots.sources.youtube_memory import Place, Video, checked, due_comments
from bots.sources.youtube_posts import Home, Thread, Told, id_of, read_comment, read_each, read_thread, read_video
from streams.records import Post

log = logging.getLogger(__name__)

CHUNK = 100  # posts of one batch
MOST_PAGES = 20  # of 100 comments, at one look
_HUNDRED = {"maxResults": "100", "textFormat": "html"}


class Looks:
    """Each look fetches first, then yields batches; their resume points grow with what has been yielded."""

    def __init__(self, api: YouTubeApi, now: Callable[[], datetime], first: int, configured: Sequence[str]) -> None:
        self._api, self._first, self._configured = api, first, configured
        self._clock = now
        self._told_bad: Lru[bytes, bool] = Lru(1_000)  # a page is read many times, its bad records are told once

    def _now(self) -> int:
        return int(self._clock().timestamp())

    async def configured(self, place: Place, name: str) -> AsyncIterator[Batch]:
        """A video named in the options, as it comes to be known; nothing when it is not there. Raises `HttpError`."""
        items = await self._api.by_id("videos", [name])
        videos, bad = read_each(items, read_video)
        for video in videos:
            self.add(place, video)
        if not videos:
            log.warning("youtube: there is no video %s that can be read", name)
        yield Batch(posts=[video.post for video in videos], bad=self.fresh(bad), cursor=msgspec.to_builtins(place))

    def add(self, place: Place, video: Told) -> None:
        """From now on the video is known."""
        author, venue = video.post.author, video.post.venue
        assert author is not None and venue is not None, "every video has both"
        channel = author.id.partition(":")[2]
        place.videos[video.native] = Video(channel, venue, video.looks, video.published, self._now())

    async def threads(self, place: Place, name: str) -> AsyncIterator[Batch]:
        """The newest comments of a video, until a page brings nothing new. Raises `HttpError`."""
        video, home = place.videos[name], place.home(name)
        try:
            threads, bad, cut = await self._newest(video, home)
        except Missing:
            yield Batch(posts=place.remove(name), cursor=msgspec.to_builtins(place))
            return
        gap = self._cut(video, threads) if cut else None
        comments = [comment for thread in threads for comment in (thread.top, *thread.replies)]
        for batch in self._tell(place, video, comments):
            yield msgspec.structs.replace(batch, gap=gap)
            gap = None
        for thread in threads:
            video.count(thread)
        video.looked, video.begun = place.stamp(self._now()), True
        place.forget(self._configured, checked=True)
        yield Batch(bad=self.fresh(bad), gap=gap, cursor=msgspec.to_builtins(place))

    async def _newest(self, video: Video, home: Home) -> tuple[list[Thread], list[Bad], bool]:
        threads, bad, token = list[Thread](), list[Bad](), ""
        asked = {"videoId": home.video, "order": "time", "part": "snippet,replies", **_HUNDRED}
        for _ in range(MOST_PAGES if video.begun else self._first):
            page = await self._api.page("commentThreads", asked, token)
            found, worse = read_each(page.items, lambda item: read_thread(item, home))
            threads += [thread for thread, _ in found]
            bad += [*worse, *(reply for _, replies in found for reply in replies)]
            token = page.next
            if not token or not any(video.op(thread.top) for thread, _ in found):
                return threads, bad, False
        return threads, bad, True

    def _cut(self, video: Video, threads: Sequence[Thread]) -> Gap | None:
        """More were new than one look reads: older ones stay untold. At the first look that is how it is meant."""
        oldest = min((thread.top.published for thread in threads), default=0)
        before = max((seen.published for native, seen in video.seen.items() if "." not in native), default=0)
        if not video.begun:
            video.floor = max(video.floor, oldest)
            return None
        start, end = (datetime.fromtimestamp(moment, UTC) for moment in (before or oldest, oldest))
        return Gap(start, end, f"more than {MOST_PAGES * 100} new comments under one video between two looks")

    async def replies(self, place: Place, name: str, parent: str) -> AsyncIterator[Batch]:
        """All replies to a comment; remembered ones that are not among them are gone. Raises `HttpError`."""
        video, home = place.videos[name], place.home(name)
        items, token = list[Any](), ""
        try:
            for _ in range(MOST_PAGES):
                page = await self._api.page("comments", {"parentId": parent, **_HUNDRED}, token)
                items, token = items + page.items, page.next
                if not token:
                    break
        except Missing:
            yield Batch(posts=video.remove(name, parent), cursor=msgspec.to_builtins(place))
            return
        found, bad = read_each(items, lambda item: read_comment(item, home))
        for batch in self._tell(place, video, found):
            yield batch
        there = set(map(id_of, items))
        gone = [] if token else [native for native in video.under(parent) if native not in there]
        posts = [post for native in gone for post in video.remove(name, native)]
        video.seen[parent].read = video.seen[parent].total
        place.forget(self._configured, checked=True)
        yield Batch(posts=posts, bad=self.fresh(bad), cursor=msgspec.to_builtins(place))

    def _tell(self, place: Place, video: Video, comments: Iterable[Told]) -> Iterable[Batch]:
        """What is new or changed, oldest first, each once."""
        by_id = {comment.native: comment for comment in comments}
        news = sorted((c for c in by_id.values() if video.op(c)), key=lambda comment: comment.published)
        for start in range(0, len(news), CHUNK):
            posts = []
            for comment in news[start : start + CHUNK]:
                op = video.op(comment)
                assert op is not None, "only news are told"
                posts.append(comment.as_post(op))
                video.note(comment, self._now())
            yield Batch(posts=posts, cursor=msgspec.to_builtins(place))

    async def again(self, place: Place) -> AsyncIterator[Batch]:
        """Up to 50 of what is due: videos, then comments, then replies. Raises `HttpError`."""
        videos = [name for name, video in place.videos.items() if video.due <= self._now()][:MOST_IDS]
        if videos:
            yield await self._videos_again(place, videos)
            return
        for replies in (False, True):
            due = due_comments(place, self._now(), MOST_IDS, replies=replies)
            if due:
                yield await self._comments_again(place, due, replies=replies)
                return

    async def _videos_again(self, place: Place, names: Sequence[str]) -> Batch:
        items = await self._api.by_id("videos", names)
        videos, bad = read_each(items, read_video)
        there = set(map(id_of, items))
        checked((place.videos[name] for name in names), self._now())
        posts = [post for name in names if name not in there for post in place.remove(name)]
        shown = {name for channel in place.channels.values() for name in channel.current}
        for video in videos:
            known = place.videos.get(video.native)
            # A feed tells the edits of its videos itself, and the two must not contradict each other in turn.
            if known is not None and video.native not in shown and known.looks != video.looks:
                known.looks = video.looks
                posts.append(video.as_post("update"))
        place.forget(self._configured, checked=True)
        return Batch(posts=posts, bad=self.fresh(bad), cursor=msgspec.to_builtins(place))

    async def _comments_again(self, place: Place, due: dict[str, str], *, replies: bool) -> Batch:
        resource, part = ("comments", "snippet") if replies else ("commentThreads", "snippet,replies")
        posts, bad = list[Post](), list[Bad]()
        try:
            items = await self._api.by_id(resource, due, part)
        except Closed:  # whether they are still there cannot be seen
            items, there = [], set(due)
        else:
            there = set(map(id_of, items))
        checked((place.videos[name].seen[native] for native, name in due.items()), self._now())
        for item in items:
            name = due.get(id_of(item))
            if name is None:
                continue
            video, home = place.videos[name], place.home(name)
            comments, worse = self._read_again(video, home, item, replies=replies)
            posts += [post for batch in self._tell(place, video, comments) for post in batch.posts]
            bad += worse
        for native, name in due.items():
            if native not in there:
                posts += place.videos[name].remove(name, native)
        place.forget(self._configured, checked=True)
        return Batch(posts=posts, bad=self.fresh(bad), cursor=msgspec.to_builtins(place))

    def _read_again(self, video: Video, home: Home, item: Any, *, replies: bool) -> tuple[list[Told], list[Bad]]:
        if replies:
            return read_each([item], lambda raw: read_comment(raw, home))
        found, bad = read_each([item], lambda raw: read_thread(raw, home))
        for thread, worse in found:
            video.count(thread, told=False)
            bad += worse
        return [thread.top for thread, _ in found], bad

    def fresh(self, bad: Iterable[Bad]) -> list[Bad]:
        """Those that this process has not told of."""
        found = [item for item in bad if self._told_bad.get(item.record) is None]
        for item in found:
            self._told_bad.put(item.record, True)
        return found
