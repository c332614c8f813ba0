"""YouTube: the videos of channels by their feeds, without a key; with a key also what is said under them.

Requests to the API cost units of a daily allowance, so they are spread evenly over the day. Each look at a feed or a
video is a job with its own pace; one that fails leaves the others alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.youtube_api import Closed, Resting, YouTubeApi
from bots.sources.youtube_comments import Looks
from bots.sources.youtube_memory import Channel, Place, due_comments, unread
from bots.sources.youtube_options import YouTubeOptions
from bots.sources.youtube_posts import NoFeed, Told, read_feed
from streams.records import Post

log = logging.getLogger(__name__)

FEED_LENGTH = 15
LONGEST_PAUSE_S = 6 * 3_600.0
CLOSED_S = 24 * 3_600.0
MOST_BYTES = 4 * 1024 * 1024


class YouTube(Source):
    """Videos and comments."""

    name: ClassVar[str] = "youtube"
    options_type: ClassVar[type[SourceOptions]] = YouTubeOptions
    quiet_s: ClassVar[float] = 24 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._api = YouTubeApi(tools.http, options.api_url, options.api_key, options.quota)
        self._looks = Looks(self._api, tools.now, options.first, options.videos)
        self._due: dict[str, float] = {}  # job -> when, on the loop's clock
        self._failures: dict[str, int] = {}

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New and edited videos, then comments, for ever; what was told is looked at again."""
        if not (self.options.channels or self.options.videos):
            raise Misconfigured("sources.youtube.channels: name at least one channel or video, or disable the source")
        place = msgspec.convert(cursor or {}, Place)
        place.channels = {name: place.channels.get(name, Channel()) for name in self.options.channels}
        while True:
            job = await self._next(place)
            try:
                async for batch in self._do(job, place):
                    yield batch
            except HttpError as error:
                self._failed(job, error)
                place.tried(job, self.tools.now().timestamp())
                yield Batch(cursor=msgspec.to_builtins(place))
                if self._failures.keys() >= self._jobs(place).keys():
                    raise Retry(f"nothing can be read; the last reason: {error}", error.after) from error
            else:
                self._succeeded(job, place)

    def _jobs(self, place: Place) -> dict[str, float]:
        """All that is looked at in turn, and the last look (Unix time)."""
        jobs = {f"channel {name}": channel.looked for name, channel in place.channels.items()}
        if self._api.usable:
            jobs |= {f"await {name}": 0.0 for name in self.options.videos if name not in place.videos}
            watched = set(place.watched(self.options.videos))
            jobs |= {f"video {n}": v.looked for n, v in place.videos.items() if n in watched or unread(v.seen)}
        return jobs

    async def _next(self, place: Place) -> str:
        """Wait until a job is due."""
        clock = asyncio.get_running_loop().time
        every, now = self.options.every.total_seconds(), self.tools.now().timestamp()
        jobs = self._jobs(place)
        for job, looked in sorted(jobs.items(), key=lambda item: item[1]):
            if job not in self._due:
                wait = 0.0 if self._more(job, place) else min(every, max(0.0, looked + every - now))
                self._due[job] = clock() + wait
        self._due = {job: due for job, due in self._due.items() if job in jobs or job == "again"}
        due = {job: self._due[job] for job in jobs}
        if self._api.usable and self._stale(place, now):
            due["again"] = self._due.get("again", 0.0)
        starts = {job: at if job.startswith("channel") else max(at, self._api.free_at) for job, at in due.items()}
        # Several at once: the look that is longest ago comes first, or in short lives it might never.
        job = min(due, key=lambda job: (starts[job], due[job], jobs.get(job, 0.0)))
        await asyncio.sleep(max(0.0, starts[job] - clock()))
        return job

    def _stale(self, place: Place, now: float) -> bool:
        if any(video.due <= now for video in place.videos.values()):
            return True
        return any(due_comments(place, now, 1, replies=replies) for replies in (False, True))

    def _do(self, job: str, place: Place) -> AsyncIterator[Batch]:
        kind, _, name = job.partition(" ")
        if kind == "channel":
            return self._feed(place, name)
        if kind == "await":
            return self._looks.configured(place, name)
        if kind == "again":
            return self._looks.again(place)
        parent = unread(place.videos[name].seen)
        return self._looks.replies(place, name, parent) if parent else self._looks.threads(place, name)

    async def _feed(self, place: Place, name: str) -> AsyncIterator[Batch]:
        channel, looked = place.channels[name], place.stamp(self.tools.now().timestamp())
        answer = await self.tools.http.get_bytes(
            self.options.feed_url,
            params={"channel_id": name},
            etag=channel.etag,
            last_modified=channel.modified,
            most=MOST_BYTES,
        )
        if answer.unchanged:
            channel.looked = looked
            yield Batch(cursor=msgspec.to_builtins(place))
            return
        try:
            videos, bad = await asyncio.to_thread(read_feed, answer.body)
        except NoFeed as error:
            raise HttpError(f"channel {name}: {error}", HTTPStatus.OK) from error
        channel.etag, channel.modified, channel.looked = answer.etag, answer.last_modified, looked
        gap = _gap(channel, videos)
        posts = self._shown(place, channel, videos)
        yield Batch(posts=posts, bad=self._looks.fresh(bad), gap=gap, cursor=msgspec.to_builtins(place))

    def _shown(self, place: Place, channel: Channel, videos: list[Told]) -> list[Post]:
        """What to tell of the videos in a channel's feed, oldest first."""
        posts = [post for video in videos if (post := self._news(place, channel, video))]
        channel.current = [video.native for video in videos if video.native in place.videos]
        if not channel.newest and videos:
            channel.floor = videos[0].published
        channel.newest = max([channel.newest, *(video.published for video in videos)])
        place.forget(self.options.videos, checked=self._api.usable)
        return posts

    def _news(self, place: Place, channel: Channel, video: Told) -> Post | None:
        known = place.videos.get(video.native)
        if known is None:
            if video.published < channel.floor:
                return None
            self._looks.add(place, video)
            return video.post
        if known.looks == video.looks:
            return None
        known.looks = video.looks
        return video.as_post("update")

    def _succeeded(self, job: str, place: Place) -> None:
        self._failures.pop(job, None)
        pause = 0.0 if self._more(job, place) else self.options.every.total_seconds()
        if job == "again":  # every second unit at most
            pause = 2 * self._api.pause
        elif job.startswith("await"):  # it is not there, else it would be a video by now
            pause = LONGEST_PAUSE_S
        self._wait(job, pause)

    def _more(self, job: str, place: Place) -> bool:
        """Whether there are answers to be read before the next look."""
        kind, _, name = job.partition(" ")
        return kind == "video" and name in place.videos and unread(place.videos[name].seen) is not None

    def _failed(self, job: str, error: HttpError) -> None:
        count = self._failures[job] = self._failures.get(job, 0) + 1
        if count == 1:
            log.warning("youtube, %s: %s", job, error)
        if isinstance(error, Resting):
            return self._wait(job, error.after or 0.0)
        if isinstance(error, Closed):
            return self._wait(job, CLOSED_S)
        usual = self.options.every.total_seconds()
        return self._wait(job, max(error.after or 0.0, min(LONGEST_PAUSE_S, usual * 2 ** min(count - 1, 10))))

    def _wait(self, job: str, seconds: float) -> None:
        self._due[job] = asyncio.get_running_loop().time() + seconds * self.tools.random.uniform(1.0, 1.1)


def _gap(channel: Channel, videos: list[Told]) -> Gap | None:
    """A feed holds the 15 newest videos: when all are newer than the newest before, some may have come and gone."""
    if not channel.newest or len(videos) < FEED_LENGTH or videos[0].published <= channel.newest:
        return None
    start, end = (datetime.fromtimestamp(moment, UTC) for moment in (channel.newest, videos[0].published))
    return Gap(start, end, "a channel published more videos than its feed holds")
