"""The X API v2, as far as it is needed: rules, the filtered stream, recent search, posts by id, and its refusals.

Sources: docs.x.com/x-api/posts/filtered-stream, /x-api/fundamentals/response-codes-and-errors, /rate-limits.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

import msgspec

from bots.http import Http, HttpError
from bots.sources.x_forms import Answer, Includes
from bots.sources.x_problems import Problem, meaning, problems_in

_Form = TypeVar("_Form")
MOST_IDS = 100
FIELDS: Final = {
    "tweet.fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,"
    "in_reply_to_user_id,lang,note_tweet,public_metrics,referenced_tweets",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
    "user.fields": "name,public_metrics,username",
}


class StoredRule(msgspec.Struct, frozen=True):
    """A rule at X."""

    id: str
    value: str = ""
    tag: str = ""


class Message(msgspec.Struct, frozen=True):
    """A line of the stream: a post, or errors, or a problem that ends the stream."""

    data: Any = None
    includes: Includes = Includes()
    matching_rules: tuple[StoredRule, ...] | None = None
    errors: tuple[Problem, ...] = ()
    title: str = ""
    detail: str = ""

    @property
    def trouble(self) -> str:
        """What it complains of; empty where it is no complaint."""
        if self.data is not None:
            return ""  # errors beside a post say which of its references are gone
        return "; ".join(problem.words for problem in self.errors) or self.detail or self.title


class _Rules(msgspec.Struct, frozen=True):
    data: tuple[StoredRule, ...] = ()
    errors: tuple[Problem, ...] = ()
    meta: dict[str, Any] = {}


class Page(msgspec.Struct, frozen=True):
    """Posts that were asked for; `problems`: about those that were not there; `next`: the token of the next page."""

    answer: Answer
    problems: tuple[Problem, ...]
    next: str


class XApi:
    """Every method raises `HttpError` (a rate limit as such, with `after`; `Refused`), or `Misconfigured`."""

    def __init__(self, http: Http, base: str, token: str) -> None:
        self._http, self._base = http, f"{base}/2"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def rules(self) -> list[StoredRule]:
        """All rules of the app."""
        found: list[StoredRule] = []
        params = {"max_results": "1000"}
        while True:
            page = _as(_Rules, await self._get("tweets/search/stream/rules", params))
            found += page.data
            token = page.meta.get("next_token")
            if not token:
                return found
            params["pagination_token"] = str(token)

    async def add_rules(self, rules: Sequence[Mapping[str, str]]) -> tuple[list[StoredRule], tuple[Problem, ...]]:
        """Those that were added, and what was wrong with the others."""
        if not rules:
            return [], ()
        try:
            answer = _as(_Rules, await self._post({"add": list(rules)}))
        except HttpError as error:
            problems = problems_in(error.body)
            if error.status != HTTPStatus.BAD_REQUEST or not any(problem.value for problem in problems):
                raise meaning(error) from error
            return [], problems
        return list(answer.data), answer.errors

    async def delete_rules(self, ids: Collection[str]) -> None:
        """Take rules away; one that is gone already is no trouble."""
        try:
            await self._post({"delete": {"ids": list(ids)}})
        except HttpError as error:
            raise meaning(error) from error

    async def stream(self, backfill_minutes: int, quiet_s: float) -> AsyncGenerator[bytes, None]:
        """The lines of the filtered stream; the first, blank, says that it is open."""
        params = FIELDS | ({"backfill_minutes": str(backfill_minutes)} if backfill_minutes else {})
        url = f"{self._base}/tweets/search/stream"
        lines = self._http.lines(url, params=params, headers=self._headers, quiet_s=quiet_s)
        try:
            async with aclosing(cast("AsyncGenerator[bytes, None]", lines)) as found:
                async for line in found:
                    yield line
        except HttpError as error:
            raise meaning(error) from error

    async def search(self, query: str, since_id: int, until_id: int, token: str, most: int) -> Page:
        """A page of recent search, newest first, 10 to 100 posts."""
        asked = FIELDS | {"query": query, "since_id": str(since_id), "until_id": str(until_id)}
        asked["max_results"] = str(max(10, min(100, most)))
        return await self._page("tweets/search/recent", asked | ({"next_token": token} if token else {}))

    async def posts(self, ids: Sequence[str]) -> Page:
        """Up to 100 posts by id; for those that are not there a problem each."""
        return await self._page("tweets", FIELDS | {"ids": ",".join(ids)})

    async def _page(self, path: str, params: Mapping[str, str]) -> Page:
        found = await self._get(path, params)
        answer = _as(Answer, found)
        return Page(answer, problems_in(msgspec.json.encode(found)), str(answer.meta.get("next_token") or ""))

    async def _get(self, path: str, params: Mapping[str, str]) -> Any:
        try:
            return await self._http.get_json(f"{self._base}/{path}", params=params, headers=self._headers)
        except HttpError as error:
            raise meaning(error) from error

    async def _post(self, body: Mapping[str, Any]) -> Any:
        url = f"{self._base}/tweets/search/stream/rules"
        return await self._http.post_json(url, body=body, headers=self._headers)


def _as(kind: type[_Form], found: Any) -> _Form:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise HttpError(f"X answers in another form than documented: {error}", HTTPStatus.OK) from error
