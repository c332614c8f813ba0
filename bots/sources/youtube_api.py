"""The YouTube Data API v3 (developers.google.com/youtube/v3/docs): its pace, its pages and what its refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from pydantic import SecretStr

from bots.http import Http, HttpError
from bots.sources.base import Misconfigured

DAY_S = 86_400.0
MOST_IDS = 50  # of one request
SPENT_REST_S = 3_600.0  # Google grants new units at midnight in California: ask every hour whether it has
RATE_REST_S = 60.0
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_KEY = frozenset(
    {
        *("API_KEY_INVALID", "keyInvalid", "keyExpired", "accessNotConfigured", "SERVICE_DISABLED", "ipRefererBlocked"),
        *("API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_SERVICE_BLOCKED"),
    }
)


class Resting(HttpError):
    """The day's units are spent, or requests came too fast: `after` seconds without any."""


class Closed(HttpError):
    """There are no comments to be read here: switched off, or not for everyone."""


class Missing(HttpError):
    """What was asked for is not there (any more)."""


class Page(msgspec.Struct, frozen=True):
    """One page of resources and the token of the next."""

    items: list[Any]
    next: str


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    items: list[Any]
    next_page_token: str = ""


class YouTubeApi:
    """Requests of one unit each, never faster than a day's `quota` allows."""

    def __init__(self, http: Http, base: str, key: SecretStr | None, quota: int) -> None:
        self._http, self._base, self._key = http, base.rstrip("/"), key
        self.pause = DAY_S / quota
        self.free_at = 0.0
        """When the next unit may be spent, on the loop's clock."""

    @property
    def usable(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    async def page(self, resource: str, params: Mapping[str, str], token: str = "") -> Page:
        """One page, when its time has come. Raises `HttpError` (`Resting`, `Closed`, `Missing`), `Misconfigured`."""
        assert self._key is not None, "nothing is asked without a key"
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self.free_at - clock()))
        self.free_at = clock() + self.pause
        url = f"{self._base}/{resource}"
        asked = {"part": "snippet", **params} | ({"pageToken": token} if token else {})
        secret = {"X-Goog-Api-Key": self._key.get_secret_value()}  # never in the address, which others may log
        try:
            found = await self._http.get_json(url, params=asked, headers=secret)
        except HttpError as error:
            meant = meaning(error)
            if isinstance(meant, Resting):
                self.free_at = clock() + (meant.after or 0.0)
            raise meant from error
        try:
            answer = msgspec.convert(found, _Answer)
        except msgspec.ValidationError as error:
            raise HttpError(f"{resource} of YouTube is not in the documented form: {error}", HTTPStatus.OK) from error
        return Page(answer.items, answer.next_page_token)

    async def by_id(self, resource: str, ids: Collection[str], part: str = "snippet") -> list[Any]:
        """Those of the resources that are there, a few units at most. Raises as `page`."""
        wanted = list(ids)
        try:
            return (await self.page(resource, {"id": ",".join(wanted), "part": part})).items
        except Missing:
            if len(wanted) == 1:
                return []
        # One that is missing may make the whole request fail: halves tell which.
        middle = len(wanted) // 2
        return await self.by_id(resource, wanted[:middle], part) + await self.by_id(resource, wanted[middle:], part)


def meaning(error: HttpError) -> Exception:
    """A refusal as what is to be done about it."""
    reasons = _reasons(error.body)
    if reasons & _KEY:
        return Misconfigured(f"sources.youtube.api_key: Google refuses it ({', '.join(sorted(reasons & _KEY))})")
    if reasons & _SPENT:
        return Resting("the day's units of the YouTube API are spent", error.status, error.after or SPENT_REST_S)
    if reasons & _FAST or error.status == HTTPStatus.TOO_MANY_REQUESTS:
        after = RATE_REST_S if error.after is None else error.after
        return Resting("the YouTube API wants slower requests", error.status, after)
    if error.status == HTTPStatus.FORBIDDEN:
        return Closed(f"{error} ({', '.join(sorted(reasons)) or 'no reason given'})", error.status)
    if error.status == HTTPStatus.NOT_FOUND:
        return Missing(str(error), error.status)
    return error


def _reasons(body: bytes) -> set[str]:
    """The words of `errors` and `details` that say why, wherever Google puts them."""
    try:
        said = msgspec.json.decode(body)["error"]
        entries = [*said.get("errors", []), *said.get("details", [])]
        return {str(entry["reason"]) for entry in entries if isinstance(entry, dict) and "reason" in entry}
    except (ValueError, KeyError, TypeError, AttributeError):  # no JSON, or another form: the status has to do
        return set()
