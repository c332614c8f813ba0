"""Two Lemmy instances that federate: the same posts and comments under other numbers, pages of 50, newest first."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.lemmy import Lemmy, LemmyOptions
from tests.contract.source_worlds import Told, World

TEXTS = {  # Markdown -> the text a person reads
    "It's **fine**, _really_": "It's fine, really",
    "# Head\n\n> quoted\n\nsee [this](https://example.org/a_(b)) and <https://example.org/c>": (
        "Head\n\nquoted\n\nsee this and https://example.org/c"
    ),
    "שלום 👩‍👩‍👧‍👦 e\u0301 \u202e snake_case_name 2 * 3 * 4": "שלום 👩‍👩‍👧‍👦 é \u202e snake_case_name 2 * 3 * 4",
    "a \\*star\\* and `code`": "a *star* and code",
}
MARKDOWN = list(TEXTS)
HOME = "https://home.example"


class LemmyWorld(World):
    """20 posts and 110 comments, in chains; removed, deleted, odd and broken ones."""

    source = Lemmy

    def __init__(self) -> None:
        self.posts = {number: self._post(number) for number in range(1, 21)}
        self.comments = {number: self._comment(number) for number in range(1, 111)}
        self.comments[7] |= {"deleted": True, "content": ""}
        self.comments[8] |= {"removed": True, "content": ""}
        self.comments[60] |= {"published": "soon"}
        self.posts[9] |= {"ap_id": None}

    def _post(self, number: int) -> Any:
        return {
            "id": number,
            "name": f"Title & {number}",
            "body": MARKDOWN[number % len(MARKDOWN)] if number % 3 else None,
            "url": f"https://example.org/{number}" if number % 2 else None,
            "ap_id": f"{HOME}/post/{number}",
            "published": f"2026-06-01T10:{number:02}:00.123456Z",
            "removed": False,
            "deleted": False,
        }

    def _comment(self, number: int) -> Any:
        """Ten to a chain: each answers the one before; the first answers the post."""
        chain = range((number - 1) // 10 * 10 + 1, number + 1)
        return {
            "id": number,
            "content": MARKDOWN[number % len(MARKDOWN)],
            "ap_id": f"{HOME}/comment/{number}",
            "published": f"2026-06-01T1{1 + number // 60}:{number % 60:02}:00Z",
            "path": ".".join(map(str, (0, *chain))),
            "removed": False,
            "deleted": False,
        }

    def options(self) -> SourceOptions:
        options = {"instances": [self.url, f"{self.url}/b/"], "poll": "10ms", "pause": "1ms", "first": 1_000}
        return LemmyOptions.model_validate(options)

    async def serve(self, request: web.Request) -> web.Response:
        shift = 1_000 if request.path.startswith("/b/") else 0
        kind, _, action = request.path.removeprefix("/b").removeprefix("/api/v3/").partition("/")
        things = self.posts if kind == "post" else self.comments
        if action == "list":
            page, limit = int(request.query["page"]), int(request.query["limit"])
            numbers = sorted(things, reverse=True)[(page - 1) * limit : page * limit]
            views = [self._view(kind, things[number], shift) for number in numbers]
            return web.json_response({f"{kind}s": views}, dumps=_dump)
        number = int(request.query["id"]) - shift
        if number not in things:
            raise web.HTTPNotFound
        return web.json_response({f"{kind}_view": self._view(kind, things[number], shift)}, dumps=_dump)

    def _view(self, kind: str, thing: Any, shift: int) -> Any:
        number = thing["id"]
        post = thing if kind == "post" else self._post(1 + (number - 1) // 10)
        view = {
            "post": post | {"id": post["id"] + shift},
            "creator": {"id": 5 + shift, "name": f"user{number % 5}", "actor_id": f"{HOME}/u/user{number % 5}"},
            "community": {"name": "news", "actor_id": f"{HOME}/c/news"},
            "counts": {"score": 3, "upvotes": 4, "comments": 2, "child_count": 1},
        }
        if kind == "comment":
            path = ".".join(str(int(step) + shift) if int(step) else step for step in thing["path"].split("."))
            view["comment"] = thing | {"id": number + shift, "path": path}
        return view

    def change(self) -> bool:
        self.posts[3] |= {"name": "Another title"}
        self.comments[100] |= {"content": "edited"}
        self.comments[101] |= {"deleted": True, "content": ""}
        self.comments[102] |= {"removed": True}
        self.posts[21] = self._post(21)
        self.comments |= {number: self._comment(number) for number in range(111, 116)}
        return True

    def bad(self) -> int:
        return 2

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {}
        for number, post in self.posts.items():
            if number != 9:
                text = "\n\n".join(part for part in (post["name"], TEXTS.get(post["body"])) if part)
                told[f"lemmy:{HOME}/post/{number}"] = self._told(number, text, f"post/{number}", None)
        for number, comment in self.comments.items():
            if number in (7, 8, 60):
                continue
            root = f"post/{1 + (number - 1) // 10}"
            above = f"comment/{number - 1}" if number % 10 != 1 else root
            text = TEXTS.get(comment["content"], comment["content"])
            gone = comment["deleted"] or comment["removed"]
            told[f"lemmy:{HOME}/comment/{number}"] = None if gone else self._told(number, text, root, above)
        return told

    def _told(self, number: int, text: str, root: str, above: str | None) -> Told:
        return {
            "text": text,
            "author": f"lemmy:{HOME}/u/user{number % 5}",
            "thread": f"lemmy:{HOME}/{root}",
            "reply_to": f"lemmy:{HOME}/{above}" if above else None,
        }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
