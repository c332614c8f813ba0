"""Reddit's API with two subreddits: tokens, lists of at most 1,000 names by full name, things by name."""

from __future__ import annotations

import base64
import json
from typing import Any

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.reddit import Reddit
from bots.sources.reddit_options import RedditOptions
from bots.sources.reddit_posts import Kind, name_of
from tests.contract.source_worlds import Told, World

START = 1_790_000_000
BASE = 2_000_000_000
HELD = 1_000
DELETED = "[deleted]"
ID, SECRET = "p-jcoLKBynTLew", "gko_LXELoV07ZBNUXrvWZfzE3aI"
TEXTS = {  # Markdown -> HTML as Reddit makes it, and the text a person reads
    "It's **fine**": ("<div class='md'><p>It&#39;s <strong>fine</strong></p>\n</div>", "It's fine"),
    "> quoted\n\nmine": ("<div class='md'><blockquote>\n<p>quoted</p>\n</blockquote>\n\n<p>mine</p>\n</div>", None),
    "שלום 👩‍👩‍👧‍👦 e\u0301 \u202e": (
        "<div class='md'><p>שלום 👩‍👩‍👧‍👦 e\u0301 \u202e</p></div>",
        "שלום 👩‍👩‍👧‍👦 é \u202e",
    ),
    "see [this](https://example.org/a_\\(b\\)) u/ann": (
        '<div class="md"><p>see <a href="https://example.org/a_(b)">this</a> <a href="/u/ann">u/ann</a></p></div>',
        "see this u/ann",
    ),
    "&#x200B;\n\nspaced": ("<div class='md'><p>&#x200B;</p>\n\n<p>spaced</p>\n</div>", "spaced"),
}
SOURCES = list(TEXTS)
READ = [TEXTS[source][1] or "quoted\n\nmine" for source in SOURCES]


class RedditWorld(World):
    """150 submissions, 230 comments on them in chains; removed, odd and broken ones."""

    source = Reddit

    def __init__(self) -> None:
        self.things: dict[Kind, dict[int, dict[str, Any]]] = {"t3": {}, "t1": {}}
        for number in range(1, 151):
            self.things["t3"][number] = self.submission(number)
        for number in range(1, 231):
            self.things["t1"][number] = self.comment(number)
        self.off: set[tuple[Kind, int]] = set()  # no longer on the lists
        self.take("t3", 100, selftext="[removed]", removed_by_category="moderator")
        self.take("t1", 200, body="[deleted]", author=DELETED)
        self.things["t3"][120] |= {"author": DELETED}  # the account is gone, the words are not
        self.things["t3"][130]["created_utc"] = "yesterday"
        self.things["t1"][210]["link_id"] = "t5_x"
        del self.things["t1"][211]["name"]
        self.gone: set[tuple[Kind, int]] = set()  # told before, and not there any more
        self.tokens = 0
        self.agents: set[str] = set()

    def submission(self, number: int) -> dict[str, Any]:
        """Every third shares a link, every tenth is a crosspost."""
        source, shares = SOURCES[number % 5], number % 3 == 0
        data = self._written("t3", number) | {
            "title": f"Title & {number}",
            "is_self": not shares,
            "selftext": "" if shares else source,
            "selftext_html": None if shares else TEXTS[source][0],
            "url": f"https://example.org/{number}" if shares else f"https://www.reddit.com/r/acme/{number}",
            "removed_by_category": None,
            "num_comments": 2,
            "stickied": number == 3,
            "media": None,
        }
        if number % 10 == 0:
            original = {"name": "t3_zz", "title": "Their title", "author": "Someone", "subreddit": "other"}
            data |= {"crosspost_parent": "t3_zz", "crosspost_parent_list": [original], "is_self": False}
        return data

    def comment(self, number: int) -> dict[str, Any]:
        """Ten to a submission, each on the one before; the first on the submission."""
        root, source = name_of(BASE + 1 + (number - 1) // 10, "t3"), SOURCES[number % 5]
        return self._written("t1", number) | {
            "body": source,
            "body_html": TEXTS[source][0],
            "link_id": root,
            "parent_id": root if number % 10 == 1 else name_of(BASE + number - 1, "t1"),
            "link_author": "Somebody",
            "replies": "",
            "num_comments": 99,
        }

    def _written(self, kind: Kind, number: int) -> dict[str, Any]:
        return {
            "name": name_of(BASE + number, kind),
            "author": f"User-{number % 7}",
            "author_fullname": f"t2_{number % 7}",
            "created_utc": float(START + number),
            "edited": False,
            "subreddit": "acme" if number % 2 else "Rockets",
            "permalink": f"/r/acme/comments/{number}/",
            "distinguished": "moderator" if number % 50 == 0 else None,
            "score": number,
        }

    def take(self, kind: Kind, number: int, **now: Any) -> None:
        """Its author or a moderator takes it away: it leaves the lists, but can still be asked for by name."""
        self.things[kind][number] |= now
        self.off.add((kind, number))

    def options(self) -> SourceOptions:
        return RedditOptions.model_validate(
            {
                **{"auth_url": self.url, "api_url": self.url, "client_id": ID, "client_secret": SECRET},
                **{"username": "/u/acme_listens", "subreddits": ["r/acme", "Rockets"], "poll": "1ms", "first": 1_000},
            }
        )

    async def serve(self, request: web.Request) -> web.Response:
        self.agents.add(request.headers["User-Agent"])
        if request.path == "/api/v1/access_token":
            return await self._access(request)
        if request.headers.get("Authorization") != f"Bearer token-{self.tokens}":
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        return self._answer(request)

    async def _access(self, request: web.Request) -> web.Response:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        if request.method != "POST" or pair != f"{ID}:{SECRET}":
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        assert dict(await request.post()) == {"grant_type": "client_credentials"}
        self.tokens += 1
        given = {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 86_400, "scope": "*"}
        return web.json_response(given)

    def _answer(self, request: web.Request) -> web.Response:
        assert request.query["raw_json"] == "1"
        if request.path.endswith("/about"):
            return web.json_response({"kind": "t5", "data": {"display_name": request.path.split("/")[2]}})
        if request.path == "/api/info":
            names = request.query["id"].split(",")
            assert len(names) <= 100
            return _listing([self._child(kind, number) for name in names for kind, number in self._find(name)])
        kind: Kind = "t1" if request.path.endswith("/comments") else "t3"
        names = [name_of(BASE + number, kind) for number in sorted(self.things[kind], reverse=True)][:HELD]
        names = [name for name in names if (kind, int(name[3:], 36) - BASE) not in self.off]
        if (after := request.query.get("after")) is not None:
            names = names[names.index(after) + 1 :] if after in names else []
        page = names[: int(request.query["limit"])]
        children = [self._child(kind, int(name[3:], 36) - BASE) for name in page]
        return _listing(children, page[-1] if len(page) < len(names) else None)

    def _find(self, name: str) -> list[tuple[Kind, int]]:
        kind: Kind = "t3" if name.startswith("t3_") else "t1"
        number = int(name[3:], 36) - BASE
        return [(kind, number)] if number in self.things[kind] else []

    def _child(self, kind: Kind, number: int) -> dict[str, Any]:
        return {"kind": kind, "data": self.things[kind][number]}

    def change(self) -> bool:
        submissions, comments = self.things["t3"], self.things["t1"]
        submissions[141] |= {"title": "Another title", "edited": 1_790_000_500.0}
        comments[221] |= {"body": "new words", "body_html": "<p>new words</p>", "edited": 1_790_000_500.0}
        comments[222] |= {"score": 9_000}  # nothing new in its words
        comments[223] |= {"author": DELETED}
        self.take("t3", 142, selftext="[removed]", removed_by_category="moderator")
        self.take("t3", 143, removed_by_category="deleted", author=DELETED)
        self.take("t1", 224, body="[ Removed by Reddit ]", body_html="<p>[ Removed by Reddit ]</p>")
        self.off.add(("t1", 225))  # off the list, but there
        del comments[226]
        self.gone |= {("t3", 142), ("t3", 143), ("t1", 224), ("t1", 226)}
        for number in range(231, 350):
            comments[number] = self.comment(number)
        submissions[151] = self.submission(151)
        return True

    def bad(self) -> int:
        return 3

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {}
        for number, data in self.things["t3"].items():
            if number not in (100, 130):
                told[self._id("t3", number)] = self._told(data, data["name"], None, f"{data['title']}\n\n")
        for number, data in self.things["t1"].items():
            if number not in (200, 210, 211):
                told[self._id("t1", number)] = self._told(data, data["link_id"], data["parent_id"])
        return told | {self._id(kind, number): None for kind, number in self.gone}

    def _id(self, kind: Kind, number: int) -> str:
        return f"reddit:{name_of(BASE + number, kind)}"

    def _told(self, data: dict[str, Any], root: str, above: str | None, title: str = "") -> Told:
        source: str = data["body"] if "body" in data else data["selftext"]
        text = READ[SOURCES.index(source)] if source in TEXTS else source
        return {
            "text": (title + text).strip(),
            "author": f"reddit:{data['author'].lower()}",
            "thread": f"reddit:{root}",
            "reply_to": f"reddit:{above}" if above else None,
        }


def _listing(children: list[Any], after: str | None = None) -> web.Response:
    data = {"after": after, "before": None, "dist": len(children), "modhash": None, "children": children}
    headers = {"x-ratelimit-remaining": "995.0", "x-ratelimit-used": "5", "x-ratelimit-reset": "0"}
    return web.json_response({"kind": "Listing", "data": data}, headers=headers, dumps=_dump)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
