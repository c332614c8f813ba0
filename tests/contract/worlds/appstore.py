"""The App Store: two apps in two countries, pages of 50, odd texts, malformed records, a feed of one, an empty one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bots.sources.appstore import AppStore, AppStoreOptions
from bots.sources.base import SourceOptions
from tests.contract.source_worlds import Told, World

BUSY, QUIET = "111", "222"
START = datetime(2026, 6, 1, tzinfo=UTC)
ODD = (
    ("Great", "love it\nreally", "Great\n\nlove it\nreally"),
    ("", "no title 👩🏽‍🚀", "no title 👩🏽‍🚀"),
    ("神アプリ", "", "神アプリ"),
    (
        "<b>5 & more</b>",
        "  1 &lt; 2 \u202eright to left\u202c ",
        "<b>5 & more</b>\n\n1 &lt; 2 \u202eright to left\u202c",
    ),
    ("e\u0301te\u0301", "nul \x00 here", "été\n\nnul  here"),
)


class Blink:
    """A pause no option allows: a test cannot wait a second."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def total_seconds(self) -> float:
        return self._seconds


class AppStoreWorld(World):
    """130 reviews of one app in one country, five in another; of another app one, and none."""

    source = AppStore

    def __init__(self) -> None:
        self.reviews: dict[str, list[dict[str, Any]]] = {"us/111": [], "de/111": [], "us/222": [], "de/222": []}
        self.written = 0
        for name, count in (("us/111", 130), ("de/111", 5), ("us/222", 1)):
            for number in range(count):
                self.write(name, *ODD[number % len(ODD)])
        self.spoilt: dict[str, list[Any]] = {"us/111": _malformed()}

    def write(self, name: str, title: str, content: str, plain: str, native: str = "") -> None:
        """Someone writes a review, or writes it anew."""
        self.written += 1
        feed = self.reviews[name]
        feed[:] = [review for review in feed if review["id"] != native]
        made = START + timedelta(minutes=self.written)
        said = {"title": title, "content": content, "plain": plain, "made": made, "user": f"{self.written % 7}"}
        feed.insert(0, {"id": native or f"{9_000 + self.written}", **said})

    def options(self) -> SourceOptions:
        return AppStoreOptions.model_construct(
            apps=(BUSY, QUIET), countries=("us", "de"), every=Blink(0.01), pause=Blink(0.0), first=10, base_url=self.url
        )

    def bad(self) -> int:
        return 6

    async def serve(self, request: web.Request) -> web.Response:
        form = r"/(\w\w)/rss/customerreviews/page=(\d+)/id=(\d+)/sortby=mostrecent/json"
        found = re.fullmatch(form, request.path)
        if found is None or not 1 <= int(found[2]) <= 10:
            raise web.HTTPBadRequest
        name, start = f"{found[1]}/{found[3]}", 50 * (int(found[2]) - 1)
        entries: list[Any] = [self.entry(review) for review in self.reviews[name]]
        entries[3:3] = self.spoilt.get(name, [])
        shown = entries[start : start + 50]
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}}
        if name == "us/111" and not start:
            shown = [{"im:name": {"label": "The app"}, "id": {"label": "https://apps.apple.com/us/app/id111"}}, *shown]
        if shown:
            feed["entry"] = shown[0] if len(shown) == 1 else shown
        return web.json_response({"feed": feed})

    def entry(self, review: dict[str, Any]) -> Any:
        """A review as the feed gives it."""
        user = f"https://itunes.apple.com/us/reviews/id{review['user']}"
        return {
            "author": {"uri": {"label": user}, "name": {"label": f"user {review['user']}"}, "label": ""},
            "updated": {"label": review["made"].isoformat()},
            "im:rating": {"label": "4"},
            "im:version": {"label": "3.4.3"},
            "im:voteSum": {"label": "1"},
            "id": {"label": review["id"]},
            "title": {"label": review["title"]},
            "content": {"label": review["content"], "attributes": {"type": "text"}},
            "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/us/review?id=111"}},
        }

    def change(self) -> bool:
        self.gone = self.reviews["us/111"].pop(20)["id"]
        self.write("us/111", "new", "words", "new\n\nwords")
        edited = self.reviews["us/111"][30]
        self.write("us/111", "other", "words", "other\n\nwords", edited["id"])
        self.write("de/222", "the first", "", "the first")
        return True

    gone = ""

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {f"appstore:{self.gone}": None} if self.gone else {}
        for feed in self.reviews.values():
            for review in feed:
                name = f"appstore:{review['id']}"
                author = f"appstore:{review['user']}"
                told[name] = {"text": review["plain"], "reply_to": None, "thread": name, "author": author}
        return told


def _malformed() -> list[Any]:
    def review(**said: Any) -> Any:
        whole = {"id": {"label": "1"}, "author": {"name": {"label": "x"}}, "im:rating": {"label": "1"}}
        whole |= {"updated": {"label": "2026-06-01T00:00:00-07:00"}, "title": {"label": "t"}}
        return whole | said

    return [
        "a string",
        None,
        {"id": {"label": "1"}},
        review(updated={"label": "yesterday"}),
        review(updated={"label": "0001-01-01T00:00:00+23:00"}),
        review(title={"label": ""}),
        review(author={}),
        review(id={"label": ""}),
        review(id="1"),
    ]
