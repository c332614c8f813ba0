"""Bodies of orders: JSON, and of the form that `/openapi.json` says."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from aiohttp import web

from streams.api.problems import Problem
from streams.api.routes import JSON

T = TypeVar("T")
MOST_BYTES: Final = 128 * 1024
"""Of one body: twenty matchers of 300 letters and a comment, whatever their alphabet. What is taken in has its own."""


async def order_of(request: web.Request, kind: type[T]) -> T:
    """The body. Raises `Problem`."""
    if request.content_type != JSON:
        raise Problem(415, f"the body must be {JSON}", parameter="Content-Type")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is not what /openapi.json says: {error}") from error
