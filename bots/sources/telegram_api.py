"""The one request that the Telegram collector makes (core.telegram.org/bots/api#getupdates), and what refusals mean.

The token stands in the address. `bots.http.plain` leaves it out of every message; the errors raised here carry no
cause, whose text could hold the address.
"""

from __future__ import annotations

import json
from http import HTTPStatus

import msgspec
from pydantic import SecretStr

from bots.http import Http, HttpError
from bots.sources.base import Misconfigured, Retry

LIMIT = 100  # updates in one answer
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
CONFLICT_REST_S = 30.0
FLOOD_REST_S = 30.0


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: list[msgspec.Raw] = []


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error_code: int
    description: str = ""
    parameters: _Parameters = _Parameters()


class BotApi:
    """The updates of one bot."""

    def __init__(self, http: Http, base: str, token: SecretStr, wait_s: float) -> None:
        self._http, self._base, self._token = http, base, token
        self._asked = {"limit": str(LIMIT), "timeout": str(int(wait_s)), "allowed_updates": json.dumps(KINDS)}

    async def updates(self, offset: int) -> list[bytes]:
        """Up to 100 unconfirmed updates, oldest first; waits for the first. Telegram deletes those before `offset`,
        unless it is 0. Raises `HttpError`, `Retry`, `Misconfigured`.
        """
        url = f"{self._base}/bot{self._token.get_secret_value()}/getUpdates"
        asked = self._asked | ({"offset": str(offset)} if offset else {})
        try:
            response = await self._http.get_bytes(url, params=asked)
        except HttpError as error:
            raise meaning(error) from None
        try:
            answer = msgspec.json.decode(response.body, type=_Answer)
        except (ValueError, RecursionError) as error:
            raise HttpError(f"{self._base} gives no updates: {error}", HTTPStatus.OK) from None
        if not answer.ok:
            raise HttpError(f"{self._base} gives no updates and does not say why", HTTPStatus.OK)
        return [bytes(raw) for raw in answer.result]


def meaning(error: HttpError) -> Exception:
    """A refusal as what is to be done about it."""
    try:
        said = msgspec.json.decode(error.body, type=_Refusal)
    except (ValueError, RecursionError):  # not Telegram's own words: a proxy, another server, or none at all
        return error
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        return Misconfigured(f"sources.telegram.token: Telegram does not know it ({error.status}); ask @BotFather")
    if error.status == HTTPStatus.CONFLICT and "webhook" in said.description.lower():
        return Misconfigured(
            "sources.telegram.token: Telegram sends this bot's updates to a webhook, so they cannot be asked for; "
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
