"""YouTube beyond the contract: mistakes in the options, refusals, gaps, what is looked at again, real payloads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from bots.http import Http
from bots.sources.base import Batch, Gap, Misconfigured, Retry, Tools
from bots.sources.youtube import YouTube
from bots.sources.youtube_api import YouTubeApi
from bots.sources.youtube_memory import MOST_SEEN, Place, Seen, Video
from bots.sources.youtube_options import YouTubeOptions
from bots.sources.youtube_posts import Home, read_comment, read_each, read_thread, read_video
from tests.bots.sources.clocks import Coarse
from tests.contract.source_server import serving
from tests.contract.worlds.youtube import ALONE, CHANNELS, KEY, YouTubeWorld, refuse

RECORDINGS = Path(__file__).parents[3].parent / "shared" / "recordings" / "youtube"
HOME = Home("D-lhorsDlUQ", "UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google Developers")
HOUR = timedelta(hours=1)


class SmallWorld(YouTubeWorld):
    """One video, three comments, two answers; asked by id, it knows what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.videos, self.comments, self.spoilt = {ALONE: self.videos[ALONE]}, {}, {}
        self.strict = False  # whether one missing id spoils the whole request
        self.refusal: web.Response | None = None
        for name in ("Ug1", "Ug2", "Ug3", "Ug1.a", "Ug1.b"):
            self.say(name, ALONE, f"said {name}")

    async def serve(self, request: web.Request) -> web.Response:
        if self.refusal is not None:
            return refuse(self.refusal.status, self.refusal.text or "")
        if "id" not in request.query:
            return await super().serve(request)
        resource = request.path.rsplit("/", 1)[1]
        known: dict[str, Any] = self.videos if resource == "videos" else self.comments
        read: Callable[[str], Any] = {"videos": self.video, "commentThreads": self.thread, "comments": self.comment}[
            resource
        ]
        asked = request.query["id"].split(",")
        if self.strict and not all(name in known for name in asked):
            return refuse(404, "commentNotFound")
        return web.json_response({"items": [read(name) for name in asked if name in known]})


class Kept:
    """What a source brought, and its clock."""

    def __init__(self, http: Http, world: YouTubeWorld) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self._http, self.world = http, world
        self.cursor: Any = None
        self.posts: list[tuple[str, str]] = []
        self.gaps: list[Gap] = []

    async def read(self, looks: int = 6, **changed: Any) -> list[tuple[str, str]]:
        """What is told in so many batches: op and id."""
        options = self.world.options().model_copy(update={"channels": (), **changed})
        source = YouTube(options, Tools(self._http, lambda: self.now, Random(1), ()))
        before = len(self.posts)
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            for _ in range(looks):
                self._take(await anext(stream))
        return self.posts[before:]

    def _take(self, batch: Batch) -> None:
        self.posts += [(post.op, post.id.partition(":")[2]) for post in batch.posts]
        self.gaps += [batch.gap] if batch.gap else []
        if batch.cursor is not None:
            self.cursor = json.loads(json.dumps(batch.cursor))


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    world = SmallWorld()
    async with serving(world.serve) as server, Http("ops@example.org", base_s=0.001) as http:
        world.url = server.url
        yield Kept(http, world)


def world_of(kept: Kept) -> SmallWorld:
    assert isinstance(kept.world, SmallWorld)
    return kept.world


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"channels": ["@handle"]}, "no channel id"),
        ({"videos": ["https://youtu.be/x"], "api_key": "k"}, "no video id"),
        ({"videos": [ALONE]}, "give api_key"),
        ({"every": "13h"}, "between 1s and 12h"),
        ({"quota": 1}, "greater than or equal to 100"),
    ],
)
def test_a_mistake_in_the_options_is_explained(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        YouTubeOptions.model_validate(options)


def test_the_key_does_not_show() -> None:
    assert KEY not in repr(YouTubeOptions(api_key=SecretStr(KEY)))


async def test_without_channels_and_videos_it_says_what_is_missing(kept: Kept) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.youtube\.channels"):
        await kept.read(videos=())


@pytest.mark.parametrize("strict", [False, True])
async def test_what_was_told_is_looked_at_again_after_an_hour(kept: Kept, strict: bool) -> None:
    world = world_of(kept)
    told = await kept.read()
    assert sorted(told) == [("create", name) for name in sorted(["Ug1", "Ug2", "Ug3", "Ug1.a", "Ug1.b", ALONE])]
    world.strict = strict
    for gone in ("Ug2", "Ug1.b"):
        del world.comments[gone]
    world.comments["Ug1.a"] |= {"html": "edited", "edited": "2026-06-02T00:00:00Z"}
    world.videos[ALONE] = (CHANNELS[0], "New title", "")
    kept.now += HOUR
    told = await kept.read(12)
    assert sorted(told) == [("delete", "Ug1.b"), ("delete", "Ug2"), ("update", "Ug1.a"), ("update", ALONE)]
    assert await kept.read() == []


async def test_a_video_that_is_gone_takes_its_comments_along(kept: Kept) -> None:
    await kept.read()
    world_of(kept).videos.clear()
    told = await kept.read(2)
    assert sorted(told) == [("delete", name) for name in sorted(["Ug1", "Ug2", "Ug3", "Ug1.a", "Ug1.b", ALONE])]


@pytest.mark.parametrize(
    ("status", "reason", "after"),
    [(403, "quotaExceeded", 3_600), (403, "rateLimitExceeded", 60), (429, "none", 60), (403, "forbidden", None)],
)
async def test_a_refusal_is_waited_out(kept: Kept, status: int, reason: str, after: float | None) -> None:
    world_of(kept).refusal = web.Response(status=status, text=reason)
    with pytest.raises(Retry) as raised:
        await kept.read()
    assert raised.value.after == after
    assert KEY not in str(raised.value)


async def test_a_key_that_google_refuses_is_a_mistake_to_mend(kept: Kept) -> None:
    world_of(kept).refusal = web.Response(status=400, text="API_KEY_INVALID")
    with pytest.raises(Misconfigured, match=r"sources\.youtube\.api_key") as raised:
        await kept.read()
    assert KEY not in str(raised.value)


async def test_more_new_comments_than_a_look_reads_leave_a_gap(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept.read()
    monkeypatch.setattr("bots.sources.youtube_comments.MOST_PAGES", 1)
    for number in range(150):
        kept.world.say(f"Ux{number:03}", ALONE, "again")
    told = await kept.read(4)
    assert len(told) == 100
    assert ("create", "Ux149") in told
    assert [gap.start for gap in kept.gaps] == [datetime(2026, 6, 1, 0, 0, 2, tzinfo=UTC)]
    assert await kept.read(4) == []


class Feed(YouTubeWorld):
    """A channel that publishes a video a minute; the feed holds 15."""

    newest = 20

    def feed(self, channel: str) -> str:
        made = datetime(2026, 6, 1, tzinfo=UTC)
        entries = "".join(
            f"<entry><yt:videoId>v{n}</yt:videoId><yt:channelId>{channel}</yt:channelId><title>T{n}</title>"
            f"<published>{(made + timedelta(minutes=n)).isoformat()}</published></entry>"
            for n in range(self.newest, self.newest - 15, -1)
        )
        names = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"'
        return f"<feed {names}>{entries}</feed>"


async def test_videos_that_came_and_went_between_two_looks_are_a_gap() -> None:
    world = Feed()
    async with serving(world.serve) as server, Http("ops@example.org", base_s=0.001) as http:
        world.url = server.url
        kept, only = Kept(http, world), {"channels": CHANNELS[:1], "videos": (), "api_key": None}
        assert len(await kept.read(2, **only)) == 15
        world.newest = 19  # one was deleted, so that an old one is in the feed again
        assert await kept.read(2, **only) == []
        world.newest = 40
        assert len(await kept.read(2, **only)) == 15
    assert [(gap.start.minute, gap.end.minute) for gap in kept.gaps] == [(20, 26)]


async def _lives(count: int) -> list[tuple[str, str]]:
    """What is told of a comment that comes late, by collectors that are killed after each batch."""
    world = YouTubeWorld()
    async with serving(world.serve) as server, Http("ops@example.org", base_s=0.001) as http:
        world.url = server.url
        kept = Kept(http, world)
        for _ in range(count):
            await kept.read(1, channels=CHANNELS)
        world.say("Late", "video_00005", "late")
        before = len(kept.posts)
        for _ in range(count):
            await kept.read(1, channels=CHANNELS)
        return kept.posts[before:]


def test_in_short_lives_each_video_has_its_turn_also_where_the_clock_is_coarse() -> None:
    with asyncio.Runner(loop_factory=Coarse) as runner:
        assert ("create", "Late") in runner.run(_lives(40))


async def test_units_are_spread_over_the_day() -> None:
    world = SmallWorld()
    async with serving(world.serve) as server, Http("ops@example.org") as http:
        api = YouTubeApi(http, f"{server.url}/youtube/v3", SecretStr(KEY), 9_000)
        clock = asyncio.get_running_loop().time
        before = clock()
        await api.page("commentThreads", {"videoId": ALONE, "maxResults": "100"})
        assert before + 9.6 <= api.free_at <= clock() + 9.6


def test_memory_is_bounded_and_what_is_forgotten_counts_as_told() -> None:
    seen = {f"Ug{n}": Seen("looks", n, n) for n in range(MOST_SEEN)}
    videos = {name: Video("UC", "venue", "", 0, 0, seen=dict(seen)) for name in ("one", "two")}
    place = Place(videos=videos)
    place.forget(("one", "two"), checked=True)
    assert sum(len(video.seen) for video in videos.values()) == MOST_SEEN
    for video in videos.values():
        assert video.floor == min(known.published for known in video.seen.values())


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings lie beside the repository, not in it")
def test_recorded_answers_of_the_real_api_can_be_read() -> None:
    def items(name: str) -> Any:
        return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["items"]

    for name in ("by_video_paged_1", "by_video_paged_2", "by_channel", "multi", "with_search", "all_to_me"):
        threads, bad = read_each(items(f"comment_threads_{name}"), lambda item: read_thread(item, HOME))
        assert len(threads) == len(items(f"comment_threads_{name}")) and not bad
        assert all(thread.top.post.text and not worse for thread, worse in threads)
    [answer, _], bad = read_each(items("comments_by_parent_paged_1"), lambda item: read_comment(item, HOME))
    assert (answer.post.text, answer.post.reply_to) == (
        "this is the third reply!",
        "youtube:Ugw5zYU6n9pmIgAZWvN4AaABAg",
    )
    videos, bad = read_each(items("videos_info_multi"), read_video)
    assert [video.native for video in videos] == ["D-lhorsDlUQ", "ovdbrdCIP7U"] and not bad
    assert videos[0].post.links[:2] == ("http://bit.ly/2YabdS5", "https://goo.gle/2X0nBqG")


def test_a_recorded_comment_becomes_a_post() -> None:
    item = json.loads((Path(__file__).parents[2] / "recordings" / "youtube" / "thread.json").read_text("utf-8"))
    thread, bad = read_thread(item, HOME)
    post = thread.top.post
    assert not bad
    assert post.text.startswith("Super video !!!\nWith full power")
    assert (post.id, post.thread) == ("youtube:UgxKREWxIgDrw8w2e_Z4AaABAg", "youtube:D-lhorsDlUQ")
    assert post.author and post.author.id == "youtube:UClfzT4CU_yaZjJaI4pKqSjQ"
    assert post.url == "https://www.youtube.com/watch?v=D-lhorsDlUQ&lc=UgxKREWxIgDrw8w2e_Z4AaABAg"
    assert post.created_at == datetime(2019, 4, 20, 1, 3, 39, tzinfo=UTC)
