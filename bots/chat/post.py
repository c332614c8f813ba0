"""One HTTP attempt, and what its answer means for the message.

Not `bots.http.Http`: that one reads, and tries again by itself; here every attempt has to come back to the courier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus

import aiohttp
from yarl import URL

from bots.chat.base import Delivered, Outcome, Refused, RetryLater
from bots.chat.text import clean
from bots.http import seconds_of

MOST_ANSWER = 4 * 1024  # of an answer's body; the rest is not read
MOST_REASON = 200
PASSING = frozenset({408, 425, 429})  # besides every 5xx

Hint = Callable[[bytes], float | None]
"""Seconds to wait that a network names in its answer's body."""


def no_hint(_body: bytes) -> float | None:
    """For networks that use the header Retry-After only."""
    return None


async def attempt(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout: timedelta,  # noqa: ASYNC109 - aiohttp's own time limit, which closes the connection
    hint: Hint = no_hint,
) -> Outcome:
    """Send once. The reasons name neither the path nor the query of `url`, for those may hold a secret."""
    limit = aiohttp.ClientTimeout(total=timeout.total_seconds())
    where = str(URL(url).origin())
    try:
        async with session.request(
            method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            said = await answer.content.read(MOST_ANSWER)
            return _meaning(where, answer, said, hint)
    except TimeoutError:
        return RetryLater(f"{where} did not answer within {timeout.total_seconds():g} s")
    except aiohttp.InvalidURL:
        return Refused("the address is no URL")
    except (aiohttp.ClientError, OSError) as error:
        return RetryLater(f"{where} cannot be reached: {type(error).__name__}")


def _meaning(where: str, answer: aiohttp.ClientResponse, said: bytes, hint: Hint) -> Outcome:
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    reason = f"{where} answers {answer.status}: {clean(said.decode(errors='replace'))[:MOST_REASON]}"
    if answer.status in PASSING or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        after = seconds_of(answer.headers.get("Retry-After"))
        return RetryLater(reason, hint(said) if after is None else after)
    return Refused(reason)  # redirects too: a body with a signature goes only where it was meant to
