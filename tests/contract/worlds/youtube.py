"""YouTube: two channels' feeds, and the Data API with pages, odd texts, malformed records and comments switched off."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from pydantic import SecretStr

from bots.sources.base import SourceOptions
from bots.sources.youtube import YouTube
from bots.sources.youtube_options import YouTubeOptions
from tests.contract.source_worlds import Told, World

KEY = "AIza-of-the-test"
CHANNELS = ("UCaaaaaaaaaaaaaaaaaaaaaa", "UCbbbbbbbbbbbbbbbbbbbbbb")
ALONE, BUSY, SHUT = "alone_video", "busy_video0", "shut_video0"
ODD = (
    ("a<br />b &amp; c", "a\nb & c"),
    ("<b>fett</b> &lt;3 \u202eright to left\u202c", "fett <3 \u202eright to left\u202c"),
    ('see <a href="https://example.org/x">example.org/...</a>', "see example.org/..."),
    ("👩🏽‍🚀 𝔘𝔫𝔦 ﷽ e\u0301", "👩🏽‍🚀 𝔘𝔫𝔦 ﷽ é"),
    ("nul \x00 here", "nul  here"),
    ("日本語 の コメント #タグ", "日本語 の コメント #タグ"),
)


class Blink:
    """A pause no option allows: a test cannot wait a second."""

    def total_seconds(self) -> float:
        return 0.01


def at(second: int) -> str:
    """A time as YouTube writes it."""
    return f"2026-06-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


class YouTubeWorld(World):
    """9 videos; under one of them 120 comments, 110 answers to one of these."""

    source = YouTube

    def __init__(self) -> None:
        self.videos = {f"video_{n:05}": (CHANNELS[n % 2], f"Title {n} & <more>", f"Über {n}\nzwei") for n in range(6)}
        self.videos[BUSY] = (CHANNELS[0], "Busy", "")
        self.videos[SHUT] = (CHANNELS[1], "Shut", "no talk here")
        self.videos[ALONE] = ("UCzzzzzzzzzzzzzzzzzzzzzz", "Alone", "Not in a feed")
        self.comments: dict[str, dict[str, Any]] = {}  # id -> what is said, in the order of time
        self.spoilt: dict[str, list[Any]] = {BUSY: _malformed()}
        for n in range(120):
            self.say(f"Ug{n:03}", BUSY, *ODD[n % len(ODD)])
        for n in range(110):
            self.say(f"Ug100.r{n:03}", BUSY, f"answer {n}")
        for n in range(3):
            self.say(f"Ug101.r{n}", BUSY, f"inline {n}")
            self.say(f"Alone{n}", ALONE, f"alone {n}")
            self.say(f"Other{n}", "video_00003", f"other {n}")

    def say(self, name: str, video: str, html: str, plain: str | None = None) -> None:
        """Someone comments."""
        made = at(len(self.comments))
        said = {"video": video, "html": html, "plain": plain or html, "made": made, "edited": made}
        self.comments[name] = said | {"user": f"UCuser{len(self.comments) % 7}"}

    def options(self) -> SourceOptions:
        return YouTubeOptions.model_construct(
            channels=CHANNELS,
            videos=(ALONE,),
            api_key=SecretStr(KEY),
            quota=10**12,
            every=Blink(),
            first=20,
            feed_url=f"{self.url}/feeds/videos.xml",
            api_url=f"{self.url}/youtube/v3/",
        )

    def bad(self) -> int:
        return 6

    async def serve(self, request: web.Request) -> web.Response:
        if request.path == "/feeds/videos.xml":
            return web.Response(text=self.feed(request.query["channel_id"]), content_type="text/xml")
        if request.headers.get("X-Goog-Api-Key") != KEY:
            return refuse(400, "badRequest")
        if request.path.endswith("/videos"):
            return web.json_response({"items": [self.video(name) for name in request.query["id"].split(",")]})
        if request.path.endswith("/commentThreads"):
            return self.threads(request)
        parent = request.query["parentId"]
        answers = [self.comment(name) for name in reversed(self.comments) if name.startswith(f"{parent}.")]
        return _page(answers, request)

    def threads(self, request: web.Request) -> web.Response:
        """The threads of a video, newest first."""
        video = request.query["videoId"]
        if video == SHUT:
            return refuse(403, "commentsDisabled")
        if video not in self.videos:
            return refuse(404, "videoNotFound")
        tops = [name for name, said in self.comments.items() if said["video"] == video and "." not in name]
        threads = [self.thread(name) for name in reversed(tops)]
        return _page([*threads[:7], *self.spoilt.get(video, []), *threads[7:]], request)

    def thread(self, name: str) -> Any:
        """A thread with its newest answers, five at most."""
        answers = [self.comment(other) for other in reversed(self.comments) if other.startswith(f"{name}.")]
        snippet = {"topLevelComment": self.comment(name), "totalReplyCount": len(answers), "isPublic": True}
        thread = {"kind": "youtube#commentThread", "id": name, "snippet": snippet}
        return thread | ({"replies": {"comments": answers[:5]}} if answers else {})

    def comment(self, name: str) -> Any:
        """A comment as the API gives it."""
        said = self.comments[name]
        snippet = {
            "textDisplay": said["html"],
            "authorDisplayName": f"@{said['user']}",
            "authorChannelId": {"value": said["user"]},
            "likeCount": 2,
            "publishedAt": said["made"],
            "updatedAt": said["edited"],
        }
        if "." in name:
            snippet["parentId"] = name.split(".", maxsplit=1)[0]
        return {"kind": "youtube#comment", "id": name, "snippet": snippet}

    def video(self, name: str) -> Any:
        """A video as the API gives it."""
        channel, title, description = self.videos[name]
        snippet = {"publishedAt": at(0), "channelId": channel, "title": title, "description": description}
        return {"kind": "youtube#video", "id": name, "snippet": snippet | {"channelTitle": f"Channel {channel[2]}"}}

    def feed(self, channel: str) -> str:
        """The feed of a channel, with an entry that names no video."""
        entries = "".join(_entry(name, video) for name, video in self.videos.items() if video[0] == channel)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:yt="http://www.youtube.com/xml/schemas/2015"'
            ' xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
            f"<title>Channel</title>{entries}<entry><title>{channel} lost</title></entry></feed>"
        )

    def change(self) -> bool:
        self.say("Ug900", BUSY, "brand new")
        self.say("Ug900.r0", BUSY, "brand new answer")
        self.say("Ug050.r0", BUSY, "late answer")
        self.comments["Ug110"] |= {"html": "<i>edited</i>", "plain": "edited", "edited": at(40_000)}
        self.comments["Ug100.r004"] |= {"html": "edited", "plain": "edited", "edited": at(40_000)}
        del self.comments["Ug100.r007"]
        self.videos["video_00002"] = (CHANNELS[0], "New title", "")
        self.videos["video_new00"] = (CHANNELS[1], "New video", "")
        return True

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {"youtube:Ug100.r007": None}
        for name, (channel, title, description) in self.videos.items():
            text = f"{title}\n\n{description}" if description else title
            told[f"youtube:{name}"] = _told(text, None, name, channel)
        for name, said in self.comments.items():
            above = name.split(".")[0] if "." in name else said["video"]
            told[f"youtube:{name}"] = _told(said["plain"], f"youtube:{above}", said["video"], said["user"])
        return told


def _told(text: str, above: str | None, video: str, author: str) -> Told:
    return {"text": text, "reply_to": above, "thread": f"youtube:{video}", "author": f"youtube:{author}"}


def _entry(name: str, video: tuple[str, str, str]) -> str:
    channel, title, description = video
    return (
        f"<entry><id>yt:video:{name}</id><yt:videoId>{name}</yt:videoId><yt:channelId>{channel}</yt:channelId>"
        f"<title>{escape(title)}</title><author><name>Channel {channel[2]}</name></author>"
        f"<published>2026-06-01T00:00:00+00:00</published><updated>2026-06-02T00:00:00+00:00</updated>"
        f"<media:group><media:title>{escape(title)}</media:title>"
        f"<media:description>{escape(description)}</media:description></media:group></entry>"
    )


def _malformed() -> list[Any]:
    def thread(**said: Any) -> Any:
        whole = {"textDisplay": "x", "authorDisplayName": "@y", "publishedAt": at(1), **said}
        return {"id": "UgBad", "snippet": {"topLevelComment": {"id": "UgBad", "snippet": whole}}}

    return [
        "a string",
        None,
        {"id": "UgBad"},
        thread(textDisplay=None),
        thread(textDisplay="<br>"),
        thread(publishedAt="yesterday"),
        thread(publishedAt="2026-06-01T00:00:00"),
        thread(publishedAt="0001-01-01T00:00:00+23:00"),
        thread(authorDisplayName=""),
    ]


def refuse(status: int, reason: str) -> web.Response:
    """A refusal in Google's form."""
    errors = [{"domain": "youtube.test", "reason": reason, "message": "no"}]
    return web.json_response({"error": {"code": status, "message": "no", "errors": errors}}, status=status)


def _page(items: list[Any], request: web.Request) -> web.Response:
    start, most = int(request.query.get("pageToken", "0")), int(request.query["maxResults"])
    more = {"nextPageToken": str(start + most)} if start + most < len(items) else {}
    return web.json_response({"items": items[start : start + most], **more})
