"""The X API v2 on loopback, as docs.x.com describes it: rules, the filtered stream, recent search, posts by id.

Rules and queries are understood as far as tests use them: quoted phrases, #tags, @names and from: names, joined by OR.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "AAAA-secret-bearer"
PROBLEMS = "https://api.x.com/2/problems"
EPOCH_MS = 1_288_834_974_657


def snowflake(seconds: float, low: int = 0) -> str:
    """The id of a post written at a Unix time."""
    return str(((int(seconds * 1_000) - EPOCH_MS) << 22) + low)


def problem(kind: str, title: str, **more: Any) -> dict[str, Any]:
    """A problem in X's form."""
    return {"title": title, "type": f"{PROBLEMS}/{kind}", **more}


@dataclass
class XServer:
    """Its posts by id, as X would send them; `users` by id; `late` are pushed into every stream that is open."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    tweets: dict[str, Any] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)  # id -> kind of problem
    odd: list[Any] = field(default_factory=list)  # malformed records among the found ones
    rules: list[dict[str, str]] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)  # what each stream begins with
    live: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refuse: dict[str, web.Response] = field(default_factory=dict)  # path -> answer, once
    beat_s: float = 0.01
    mute: bool = False
    page: int = 100
    connections: int = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        path = request.path.removeprefix("/2/")
        self.asked.append((request.method, path, dict(request.query)))
        if path in self.refuse:
            return self.refuse.pop(path)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"title": "Unauthorized", "type": "about:blank", "status": 401}, status=401)
        if path == "tweets/search/stream/rules":
            return await self._rules(request)
        if path == "tweets/search/stream":
            return await self._stream(request)
        return self._search(request) if path == "tweets/search/recent" else self._lookup(request)

    async def _rules(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"data": self.rules, "meta": {"result_count": len(self.rules)}})
        body = await request.json()
        if "delete" in body:
            self.rules = [rule for rule in self.rules if rule["id"] not in body["delete"]["ids"]]
            return web.json_response({"meta": {"summary": {"deleted": 1, "not_deleted": 0}}})
        added, errors = [], []
        for rule in body["add"]:
            known = [other for other in self.rules if other["value"].lower() == rule["value"].lower()]
            if known:
                errors.append(problem("duplicate-rules", "DuplicateRule", value=rule["value"], id=known[0]["id"]))
            elif rule["value"].count('"') % 2:
                details = ["Unbalanced quotes (at position 1)"]
                errors.append(problem("invalid-rules", "UnprocessableEntity", value=rule["value"], details=details))
            else:
                added.append(rule | {"id": str(9_000 + len(self.rules))})
                self.rules.append(added[-1])
        answer: dict[str, Any] = {"meta": {"summary": {"created": len(added)}}}
        answer |= ({"data": added} if added else {}) | ({"errors": errors} if errors else {})
        return web.json_response(answer, status=201 if added or not errors else 400)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self.rules:
            return web.json_response(problem("about:blank", "Conflict"), status=409)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for line in self.lines:
            await response.write(line + b"\r\n")
        self.connections += 1
        own = self.connections
        while own == self.connections:  # X allows one
            try:
                async with asyncio.timeout(self.beat_s):
                    line = await self.live.get()
            except TimeoutError:
                line = b""
            if line == b"END":
                return response
            if line or not self.mute:
                try:
                    await response.write(line + b"\r\n")
                except ConnectionResetError:
                    self.live.put_nowait(line)  # for the next one
                    break
        return response

    def line(self, tweet: Any, rule: dict[str, str] | None = None) -> bytes:
        """A post as a line of the stream."""
        rule = rule or self.rules[0]
        matched = {"matching_rules": [{"id": rule["id"], "tag": rule["tag"]}]}
        return json.dumps({"data": tweet, "includes": self._includes([tweet])} | matched).encode()

    def _search(self, request: web.Request) -> web.Response:
        query = request.query
        if len(query["query"]) > 512:
            detail = "query is longer than 512 characters"
            return web.json_response(problem("invalid-request", "Invalid Request", detail=detail), status=400)
        since, until = int(query["since_id"]), int(query["until_id"])
        found = [t for t in self._alive() if since < int(t["id"]) < until and matches(query["query"], t)]
        found.sort(key=lambda tweet: -int(tweet["id"]))
        start, most = int(query.get("next_token", "0").strip("t")), min(self.page, int(query["max_results"]))
        page = found[start : start + most]
        odd = self.odd if not start else []
        more = {"next_token": f"t{start + most}"} if start + most < len(found) else {}
        answer = {"includes": self._includes(page), "meta": {"result_count": len(page), **more}}
        return web.json_response(answer | ({"data": [*page, *odd]} if page or odd else {}))

    def _lookup(self, request: web.Request) -> web.Response:
        ids = request.query["ids"].split(",")
        assert len(ids) <= 100
        found = [self.tweets[number] for number in ids if number in self.tweets and number not in self.gone]
        missing = [
            problem(self.gone.get(number, "resource-not-found"), "Not Found Error", resource_id=number, value=number)
            for number in ids
            if number not in self.tweets or number in self.gone
        ]
        answer: dict[str, Any] = {"data": found, "includes": self._includes(found)} if found else {}
        return web.json_response(answer | ({"errors": missing} if missing else {}))

    def _alive(self) -> Iterable[Any]:
        """Only the newest version of each: that is what a search finds."""
        return [
            t for t in self.tweets.values() if t["id"] not in self.gone and t["edit_history_tweet_ids"][-1] == t["id"]
        ]

    def _includes(self, tweets: list[Any]) -> dict[str, Any]:
        refers = [reference["id"] for tweet in tweets for reference in tweet.get("referenced_tweets", [])]
        below = {number: self.tweets[number] for number in refers if number in self.tweets and number not in self.gone}
        people = {tweet.get("author_id") for tweet in (*tweets, *below.values())}
        users = [self.users[number] for number in people if number in self.users]
        return {"users": users} | ({"tweets": list(below.values())} if below else {})


def matches(query: str, tweet: Any) -> bool:
    """Whether a post matches a query."""
    text = tweet.get("note_tweet", tweet)["text"].lower()
    wanted = re.findall(r'(?<!-)"([^"]+)"|(#\w+)|(@\w+)', query.lower())
    return any(part in text for parts in wanted for part in parts if part)
