"""X: people who write about a brand, in threads, with edits, long texts, quotes and reposts; and malformed records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from aiohttp import web
from pydantic import SecretStr

from bots.sources.base import SourceOptions
from bots.sources.x import X
from bots.sources.x_options import XOptions
from tests.bots.sources.x_server import TOKEN, XServer, snowflake
from tests.contract.source_worlds import Told, World

NOON = 1_795_435_200  # 2026-11-23T12:00:00Z, the suite's time
BEGIN = NOON - 3 * 86_400
ODD = (
    ("plain", "plain"),
    ("a &lt;b&gt; &amp; c &amp;amp; d", "a <b> & c &amp; d"),
    ("👩🏽‍🚀 ﷽ e\u0301 \u202eright", "👩🏽‍🚀 ﷽ é \u202eright"),
    ("日本語 の ポスト", "日本語 の ポスト"),
    ("two\nlines", "two\nlines"),
)


class QuickX(X):
    """A suite cannot wait seconds, let alone a month."""

    waits_s: ClassVar[Sequence[float]] = (0.0,) * 5_000
    beat_s: ClassVar[float] = 0.01
    pause_s: ClassVar[float] = 0.0
    rest_s: ClassVar[float] = 0.0
    late_s: ClassVar[float] = 0.0


class XWorld(World):
    """Some 120 posts of seven people, found by two rules; and one that no rule finds, but that is answered."""

    source = QuickX

    def __init__(self) -> None:
        self.server = XServer(page=40)
        self.told: dict[str, Told | None] = {}
        for number in range(7):
            user = {"id": str(500 + number), "username": f"user{number}", "name": f"User {number}"}
            self.server.users[user["id"]] = user | {"public_metrics": {"followers_count": 10 * number}}
        silent = self.say("nothing of interest", "nothing of interest", BEGIN)
        answered = self.say("acme, you say?", "acme, you say?", BEGIN + 5, parent=silent, root=silent)
        for number in range(100):
            raw, words = ODD[number % len(ODD)]
            parent = answered if number % 10 == 3 else None
            name = "acme" if number % 3 else "#Acme2"
            text = (f"{name} {number} {raw}", f"{name} {number} {words}")
            self.say(*text, BEGIN + 60 + number, parent=parent, root=silent if parent else None)
        self.say("RT @user1: acme, you…", "", BEGIN + 300, retweeted=answered)
        link = {"url": "https://t.co/q", "expanded_url": f"https://twitter.com/user1/status/{answered}"}
        self.say("acme! https://t.co/q", "acme!", BEGIN + 301, quoted=answered, entities={"urls": [link]})
        long = self.say("acme…", "acme " + "long " * 100 + "end", BEGIN + 302)
        self.server.tweets[long]["note_tweet"] = {"text": "acme " + "long " * 100 + "end"}
        self.server.odd = [{"id": "12", "text": "acme"}, {"id": "x", "author_id": "500", "text": "acme"}, "acme", None]
        self.edited: dict[str, str] = {}

    def say(
        self, raw: str, text: str, at: float, *, parent: str | None = None, root: str | None = None, **more: Any
    ) -> str:
        """Someone posts; returns the id."""
        number = snowflake(at)
        author = str(500 + len(self.server.tweets) % 7)
        references = [{"type": "replied_to", "id": parent}] if parent else []
        references += [{"type": kind, "id": more.pop(kind)} for kind in ("retweeted", "quoted") if kind in more]
        tweet: dict[str, Any] = {
            "id": number,
            "text": raw,
            "author_id": author,
            "conversation_id": root or number,
            "lang": "en",
        }
        tweet |= {"edit_history_tweet_ids": [number], "created_at": "2026-11-20T12:00:00.000Z", **more}
        self.server.tweets[number] = tweet | ({"referenced_tweets": references} if references else {})
        repeated = next((each["id"] for each in references if each["type"] == "retweeted"), None)
        self.told[f"x:{number}"] = {
            "text": text,
            "reply_to": f"x:{parent}" if parent else None,
            "thread": f"x:{repeated or root or number}",
            "author": f"x:{author}",
        }
        return number

    def options(self) -> SourceOptions:
        return XOptions.model_validate(
            {"token": SecretStr(TOKEN), "rules": ['"acme"', "#acme2"], "base_url": self.url, "first": "7d"}
            | {"most_posts_per_day": 0, "silence": "2s"}
        )

    async def serve(self, request: web.Request) -> web.Response:
        if request.path.endswith("/stream") and self.server.rules:
            newest = max(self.server.tweets.values(), key=lambda tweet: int(tweet["id"]))
            self.server.lines = [b'{"data": {"id": 5', self.server.line(newest)]
        return cast(web.Response, await self.server.serve(request))

    def change(self) -> bool:
        first = next(number for number, tweet in self.server.tweets.items() if tweet["text"].startswith("acme 20 "))
        second = snowflake(NOON - 20)
        history = [first, second]
        self.server.tweets[first]["edit_history_tweet_ids"] = history
        edit = self.server.tweets[first] | {
            "id": second,
            "text": "acme, edited",
            "created_at": "2026-11-23T11:59:40.000Z",
        }
        self.server.tweets[second] = edit
        self.told[f"x:{first}"] = cast(Told, self.told[f"x:{first}"]) | {"text": "acme, edited"}
        for start, kind in (("acme 22 ", "resource-not-found"), ("acme 25 ", "not-authorized-for-resource")):
            number = next(number for number, tweet in self.server.tweets.items() if tweet["text"].startswith(start))
            self.server.gone[number] = kind
            self.told[f"x:{number}"] = None
        for index in range(5):
            self.say(f"acme news {index}", f"acme news {index}", NOON - 30 + index)
        return True

    def expected(self) -> dict[str, Told | None]:
        return self.told

    def bad(self) -> int:
        return 4
