"""The Threads API on loopback, as developers.facebook.com/docs/threads describes it; the token stands in the query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN = "THAA-very-secret-token"
RENEWED = "THAA-renewed-secret-token"


def stamp(seconds: float) -> str:
    """A time as Meta writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def refusal(code: int, subcode: int = 0, status: int = 400, message: str = "") -> web.Response:
    """An error in Meta's form, whose message quotes the token, as it may."""
    error = {"message": message or f"Malformed access token {TOKEN}", "type": "THApiException", "code": code}
    error |= {"fbtrace_id": "AbcDef"} | ({"error_subcode": subcode} if subcode else {})
    return web.json_response({"error": error}, status=status)


@dataclass
class ThreadsServer:
    """Its posts by id, as Meta would send them. `private`: single posts are not shown to this app."""

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    odd: list[Any] = field(default_factory=list)  # malformed records at the head of what is found
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    expires_at: int = 0
    scopes: list[str] = field(default_factory=lambda: ["threads_basic", "threads_keyword_search"])
    refuse: dict[str, web.Response] = field(default_factory=dict)  # path -> answer, once
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    private: bool = False
    cursors: bool = True
    page: int = 100

    async def serve(self, request: web.Request) -> web.Response:
        """One request."""
        path, query = request.path.removeprefix("/v1.0").strip("/"), dict(request.query)
        self.asked.append((path, query))
        if path in self.refuse:
            return self.refuse.pop(path)
        if query.get("access_token") not in self.tokens:
            return refusal(190, 463, 401)
        if path == "keyword_search":
            return self._search(request, query)
        if path in ("debug_token", "refresh_access_token"):
            return self._about_token(path, query)
        if path in self.posts and not self.private:
            return web.json_response(self._shown(self.posts[path], query["fields"]))
        return refusal(100, 33, message=f"Unsupported get request. Object with ID '{path}' does not exist")

    def _about_token(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "debug_token":
            assert query["input_token"] in self.tokens
            data = {"type": "USER", "is_valid": True, "expires_at": self.expires_at, "scopes": self.scopes}
            return web.json_response({"data": data})
        assert query["grant_type"] == "th_refresh_token"
        self.tokens.add(RENEWED)
        return web.json_response({"access_token": RENEWED, "token_type": "bearer", "expires_in": 5_183_944})

    def _search(self, request: web.Request, query: dict[str, str]) -> web.Response:
        since, until = int(query["since"]), int(query.get("until", 2**40))
        assert query["search_type"] == "RECENT"
        assert since < until
        words, tag = query["q"].lower(), query.get("search_mode") == "TAG"
        found = [
            post
            for post in self.posts.values()
            if (words == post.get("topic_tag", "").lower() if tag else words in (post.get("text") or "").lower())
            and since <= datetime.fromisoformat(post["timestamp"]).timestamp() <= until
        ]
        found.sort(key=lambda post: (post["timestamp"], int(post["id"])), reverse=True)
        start, most = int(query.get("after", "c0")[1:]), min(self.page, int(query["limit"]))
        page = [self._shown(post, query["fields"]) for post in found[start : start + most]]
        answer: dict[str, Any] = {"data": [*([] if start or not page else self.odd), *page]}
        if self.cursors and page:
            answer["paging"] = {"cursors": {"before": f"c{start}", "after": f"c{start + most}"}}
            if start + most < len(found):  # Meta's links repeat the token
                answer["paging"]["next"] = f"{request.url}&after=c{start + most}"
        return web.json_response(answer)

    def _shown(self, post: dict[str, Any], fields: str) -> dict[str, Any]:
        return {name: value for name, value in post.items() if name in fields.split(",")}
