"""One HTTP attempt, and what its answer means for the message.

Not `bots.http.Http`: that one reads, and tries again by itself; here every attempt has to come back to the courier.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TypeAlias, TypeVar

import aiohttp
import msgspec
from pydantic import SecretStr
from yarl import URL

from bots.chat.base import Delivered, Outcome, Refused, RetryLater
from bots.chat.taming import clean
from bots.http import seconds_of

log = logging.getLogger(__name__)
MOST_ANSWER = 256 * 1024  # of an answer's body; the rest is not read
MOST_REASON = 200
SHORTEST_SECRET = 12  # shorter parts of an address are words
PASSING = frozenset({408, 425, 429})  # besides every 5xx

Body: TypeAlias = bytes | aiohttp.FormData
Hint = Callable[[bytes], float | None]
"""Seconds to wait that a network names in its answer's body."""
Form = TypeVar("Form")


class Reply(msgspec.Struct, frozen=True):
    """What a server answered. `where`: its origin; `said`: the body's beginning, fit for a log, without the secrets of
    the request; `body`: what was read of it.
    """

    where: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    said: str

    def read(self, form: type[Form]) -> Form | None:
        """The body in this form, or nothing: then it was not the network who answered, but some proxy."""
        return read(self.body, form)


def read(body: bytes, form: type[Form]) -> Form | None:
    """A body as JSON in this form, or nothing."""
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def no_hint(_body: bytes) -> float | None:
    """For networks that use the header Retry-After only."""
    return None


async def attempt(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: Body,
    headers: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - aiohttp's own time limit, which closes the connection
    hint: Hint = no_hint,
) -> Outcome:
    """Send once, and judge by the status alone."""
    reply = await ask(session, method, url, body, headers, timeout)
    return meaning(reply, hint) if isinstance(reply, Reply) else reply


async def post_json(session: aiohttp.ClientSession, url: SecretStr, content: object, limit: timedelta) -> Outcome:
    """One POST of JSON to an address that is a secret, as incoming webhooks have it."""
    body, headers = msgspec.json.encode(content), {"Content-Type": "application/json"}
    return await attempt(session, "POST", url.get_secret_value(), body, headers, limit)


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: Body,
    headers: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - as above
) -> Reply | RetryLater | Refused:
    """Send once. The reasons name neither the path nor the query of `url`, for those may hold a secret."""
    limit = aiohttp.ClientTimeout(total=timeout.total_seconds())
    try:
        where = str(URL(url).origin())
    except ValueError:
        return Refused("the address is no URL")
    try:
        async with session.request(
            method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            found = await _beginning(answer)
            said = without(_secrets(url, headers), found.decode(errors="replace"))
            return Reply(where, answer.status, answer.headers, found, clean(said[: 10 * MOST_REASON])[:MOST_REASON])
    except TimeoutError:
        return RetryLater(f"{where} did not answer within {timeout.total_seconds():g} s")
    except aiohttp.InvalidURL:
        return Refused("the address is no URL")
    except ValueError:  # a line break in the token; a password in the address, or in .netrc, beside a token
        return Refused(f"no request to {where} can be made: look at its address, its token and .netrc")
    except (aiohttp.ClientError, OSError) as error:
        return RetryLater(f"{where} cannot be reached: {type(error).__name__}")


def meaning(reply: Reply, hint: Hint = no_hint) -> Outcome:
    """2xx is delivered; some failures pass; the rest is final.

    A redirect as well: what is signed, or bears a token, goes only where it was meant to.
    """
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    reason = f"{reply.where} answers {reply.status}: {reply.said}"
    if reply.status in PASSING or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        after = seconds_of(reply.headers.get("Retry-After"))
        return RetryLater(reason, hint(reply.body) if after is None else after)
    return Refused(reason)


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """As far as it comes: the status has been said, and a 2xx whose body breaks off must not be told twice."""
    found = b""
    try:
        while len(found) < MOST_ANSWER and (chunk := await answer.content.read(MOST_ANSWER - len(found))):
            found += chunk
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        log.debug("the body of an answer broke off: %s", type(error).__name__)
    return found


def _secrets(url: str, headers: Mapping[str, str]) -> list[str]:
    """What a server must not get us to log by repeating it: parts of the address, and the token."""
    address = URL(url)
    token = headers.get("Authorization", "").rpartition(" ")[2]
    raw = re.split("[&=]", address.raw_query_string)
    wholes = {*address.parts, *address.raw_parts, *address.query.values(), *raw, address.password or "", token}
    words = wholes | {part for whole in wholes for part in whole.split(":")}  # Telegram's token has two
    return sorted((word for word in words if len(word) >= SHORTEST_SECRET), key=len, reverse=True)


def without(secrets: Iterable[str], text: str) -> str:
    """The text with `…` for each of the secrets."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
