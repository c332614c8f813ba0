"""GitHub's REST API with one repository that can be read and one that is private."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, ClassVar

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.github import GitHub
from bots.sources.github_api import GitHubOptions
from tests.contract.source_worlds import Told, World

PER_PAGE = 10
REPOSITORY = "acme/rocket"
TEXTS = ("It&#x27;s <b>down</b>", "火箭 🚀 e\u0301", "שלום &amp; مرحبا", "<p>one</p><p>two</p>", "👩‍👩‍👧 ﷽ \U000e0041")
READ = ("It's down", "火箭 🚀 \u00e9", "שלום & مرحبا", "one\n\ntwo", "👩‍👩‍👧 ﷽ \U000e0041")


class EagerGitHub(GitHub):
    """Every thread is always due for another look, those that had fewer first: the suite's clock stands still."""

    waits_s: ClassVar[Sequence[float]] = tuple(float(second) for second in range(-10_000, 0))


def _time(second: int) -> str:
    return f"2026-11-23T{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


class GitHubWorld(World):
    """25 issues, 60 comments of which half changed in one second, 12 releases; pages of ten, validators honoured."""

    source = EagerGitHub

    def __init__(self) -> None:
        self.issues = {number: self._issue(number) for number in range(1, 26)}
        self.comments = {number: self._comment(number) for number in range(1, 61)}
        self.releases = {number: self._release(number) for number in range(1, 13)}
        self.comments[7]["user"] = None  # an account that was deleted
        self.comments[8] |= {"body_html": None, "body": "nul \x00 here"}
        self.comments[9]["body_html"] = "<p><img src='https://example.org/a.png'></p>"
        self.odd: dict[str, list[Any]] = {
            "issues": [None, {"number": "x", "updated_at": _time(5)}],
            "comments": [self._comment(99) | {"issue_url": "https://example.org/"}, self._comment(98) | {"user": "me"}],
            "releases": [{"id": 1}, self._release(97) | {"draft": True, "published_at": None}],
        }
        self.gone: set[str] = {"comment 9"}  # nothing to read in it

    def _written(self, number: int, text: str) -> dict[str, Any]:
        return {
            "id": number,
            "user": {"login": f"User-{number % 7}", "type": "Bot" if number % 7 == 3 else "User"},
            "author_association": "MEMBER" if number % 7 == 1 else "NONE",
            "body_html": text,
            "html_url": f"https://github.com/{REPOSITORY}/{number}",
            "reactions": {"+1": number, "total_count": number},
        }

    def _issue(self, number: int) -> dict[str, Any]:
        times = {"created_at": _time(number), "updated_at": _time(number * 60)}
        extra = {"number": number, "title": f"Issue {number} & <more>", "comments": 2, **times}
        return self._written(1_000 + number, TEXTS[number % 5]) | extra

    def _comment(self, number: int) -> dict[str, Any]:
        changed = _time(number * 30 if number <= 30 else 1_000)
        issue = f"{self.url}/repos/{REPOSITORY}/issues/{number % 25 + 1}"
        written = self._written(number, TEXTS[number % 5])
        return written | {"created_at": _time(number), "updated_at": changed, "issue_url": issue}

    def _release(self, number: int) -> dict[str, Any]:
        written = self._written(number, TEXTS[number % 5])
        written["author"] = written.pop("user")
        return written | {"tag_name": f"v{number}", "created_at": _time(1), "published_at": _time(number * 600)}

    def options(self) -> SourceOptions:
        repositories = ["acme/private", "Acme/Rocket"]
        given = {"base_url": self.url, "repositories": repositories, "every": "5ms", "first": "30d", "recheck": 10}
        return GitHubOptions.model_validate(given)

    async def serve(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(f"/repos/{REPOSITORY}/")
        if path == "issues":
            return self._page(request, "issues", self.issues)
        if path == "issues/comments":
            return self._page(request, "comments", self.comments)
        if path == "releases":
            return self._page(request, "releases", self.releases)
        kind, _, rest = path.partition("/")
        number = int(rest.split("/")[0]) if kind in ("issues", "releases") else 0
        if number not in (self.issues if kind == "issues" else self.releases):
            return web.json_response({"message": "Not Found"}, status=410 if kind == "issues" else 404)
        if kind == "releases":
            return web.json_response(self.releases[number])
        under = [found for found in self.comments.values() if found["issue_url"].endswith(f"/issues/{number}")]
        return _answer(request, under)

    def _page(self, request: web.Request, kind: str, held: dict[int, dict[str, Any]]) -> web.Response:
        if kind == "releases":
            assert "since" not in request.query
            return _answer(request, [*self.odd[kind], *reversed(held.values())])
        assert (request.query["sort"], request.query["direction"]) == ("updated", "asc")
        since = request.query["since"]
        found = sorted((item for item in held.values() if item["updated_at"] >= since), key=lambda i: i["updated_at"])
        return _answer(request, [*self.odd[kind], *found])

    def change(self) -> bool:
        self.issues[2] |= {"body_html": "edited", "updated_at": _time(4_000)}
        self.issues[4] |= {"comments": 3, "updated_at": _time(4_001)}  # nothing that its words would show
        self.issues[26] = self._issue(26) | {"updated_at": _time(4_002)}
        self.comments[31] |= {"body_html": "<i>edited</i> too", "updated_at": _time(4_003)}
        self.comments[61] = self._comment(61) | {"updated_at": _time(4_004)}
        self.releases[3] |= {"body_html": "edited as well"}
        self.releases[13] = self._release(13)
        del self.comments[40], self.issues[20], self.releases[5]
        lost = [number for number, item in self.comments.items() if item["issue_url"].endswith("/issues/20")]
        for number in lost:
            del self.comments[number]
        self.gone |= {"comment 40", "issue 20", "release 5", *(f"comment {number}" for number in lost)}
        return True

    def expected(self) -> dict[str, Told | None]:
        start = f"github:127.0.0.1/{REPOSITORY}"
        told: dict[str, Told | None] = {}
        for number, item in self.issues.items():
            told[f"{start}/issues/{number}"] = _told(item, f"{item['title']}\n\n")
        for number, item in self.comments.items():
            root = f"{start}/issues/{item['issue_url'].rsplit('/', 1)[1]}"
            if number != 9:
                told[f"{root}#issuecomment-{number}"] = _told(item) | {"reply_to": root, "thread": root}
        for number, item in self.releases.items():
            told[f"{start}/releases/{number}"] = _told(item, f"v{number}\n\n")
        for name in self.gone - {"comment 9"}:
            told[self._gone_id(start, name)] = None
        return told

    def _gone_id(self, start: str, name: str) -> str:
        kind, _, number = name.partition(" ")
        if kind == "comment":
            return f"{start}/issues/{int(number) % 25 + 1}#issuecomment-{number}"
        return f"{start}/{kind}s/{number}"

    def bad(self) -> int:
        return 5


def _told(item: dict[str, Any], before: str = "") -> Told:
    html = item["body_html"] or "nul  here"
    read = {"edited": "edited", "<i>edited</i> too": "edited too", "edited as well": "edited as well"}
    text = READ[TEXTS.index(html)] if html in TEXTS else read.get(html, html)
    user = item["user"] if "user" in item else item["author"]
    return {"text": before + text, "author": f"github:{user['login'].lower()}" if user else "github:ghost"}


def _answer(request: web.Request, items: list[Any]) -> web.Response:
    page = int(request.query["page"])
    part = items[(page - 1) * PER_PAGE : page * PER_PAGE]
    body = json.dumps(part).encode()
    tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    headers = {"ETag": tag}
    if page * PER_PAGE < len(items):
        headers["Link"] = f'<{request.url.update_query(page=page + 1)}>; rel="next"'
    return web.Response(body=body, content_type="application/json", headers=headers)
