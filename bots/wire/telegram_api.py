"""Telegram's Bot API: a bot's updates and simple orders, and what refusals mean (core.telegram.org/bots/api).

The token stands in the address. `bots.http.plain` leaves it out of every message; the errors raised here carry no
cause, whose text could hold the address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from pydantic import SecretStr

from bots.http import Http, HttpError
from bots.sources.base import Misconfigured, Retry

T = TypeVar("T")
LIMIT: Final = 100  # updates in one answer
KINDS: Final = ("message", "edited_message", "channel_post", "edited_channel_post")
CONFLICT_REST_S: Final = 30.0
FLOOD_REST_S: Final = 30.0
WAIT_S: Final = 20.0


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error_code: int
    description: str = ""
    parameters: _Parameters = _Parameters()


class BotApi:
    """One bot. All requests raise `HttpError`, `Retry`, `Misconfigured`, which names the setting `key`."""

    def __init__(
        self,
        http: Http,
        base: str,
        token: SecretStr,
        wait_s: float = WAIT_S,
        kinds: Sequence[str] = KINDS,
        key: str = "sources.telegram.token",
    ) -> None:
        self._http, self._base, self._token, self._key = http, base, token, key
        self._asked = {"limit": str(LIMIT), "timeout": str(int(wait_s)), "allowed_updates": json.dumps(kinds)}

    async def updates(self, offset: int) -> list[bytes]:
        """Up to 100 unconfirmed updates, oldest first; waits for the first. Telegram deletes those before `offset`,
        unless it is 0.
        """
        asked = self._asked | ({"offset": str(offset)} if offset else {})
        try:
            response = await self._http.get_bytes(self._url("getUpdates"), params=asked)
        except HttpError as error:
            raise meaning(error, self._key) from None
        return [bytes(raw) for raw in self._result(response.body, list[msgspec.Raw], "updates")]

    async def call(self, method: str, kind: type[T], body: Any = None) -> T:
        """The result of a method that may be called twice, in this form."""
        try:
            found = await self._http.post_json(self._url(method), body=body or {})
        except HttpError as error:
            raise meaning(error, self._key) from None
        return self._result(msgspec.json.encode(found), kind, f"answer to {method}")

    def _url(self, method: str) -> str:
        return f"{self._base}/bot{self._token.get_secret_value()}/{method}"

    def _result(self, body: bytes, kind: type[T], what: str) -> T:
        try:
            answer = msgspec.json.decode(body, type=_Answer)
            found = msgspec.json.decode(answer.result, type=kind) if answer.ok else None
        except (ValueError, RecursionError) as error:
            raise HttpError(f"{self._base} gives no {what}: {error}", HTTPStatus.OK) from None
        if found is None:
            raise HttpError(f"{self._base} gives no {what} and does not say why", HTTPStatus.OK)
        return found


def meaning(error: HttpError, key: str) -> Exception:
    """A refusal as what is to be done about it; `key`: the setting that holds the token."""
    try:
        said = msgspec.json.decode(error.body, type=_Refusal)
    except (ValueError, RecursionError):  # not Telegram's own words: a proxy, another server, or none at all
        return error
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        return Misconfigured(f"{key}: Telegram does not know it ({error.status}); ask @BotFather")
    if error.status == HTTPStatus.CONFLICT and "webhook" in said.description.lower():
        return Misconfigured(
            f"{key}: Telegram sends this bot's updates to a webhook, so they cannot be asked for; "
            "call deleteWebhook, or use a bot of its own"
        )
    if error.status == HTTPStatus.CONFLICT:
        return Retry(
            "another program asks for this bot's updates as well, and what it gets is lost here; "
            "stop it, or use a bot of its own",
            CONFLICT_REST_S,
        )
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        after = said.parameters.retry_after if error.after is None else error.after
        return HttpError("Telegram wants slower requests", error.status, FLOOD_REST_S if after is None else after)
    return error
