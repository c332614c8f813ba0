"""Errors as people and programs can read them: `application/problem+json` (RFC 9457) with a plain `detail`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every error. `parameter` names what was wrong, `known` what would have been right."""

    title: str
    status: int
    detail: str
    parameter: str | None = None
    did_you_mean: str | None = None
    known: tuple[str, ...] = ()


class Problem(Exception):
    """Raised by a handler to answer with an error."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.body = ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=detail, **extra)
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The error as HTTP."""
        body = msgspec.json.encode(self.body)
        headers = {"Cache-Control": "no-store", **self.headers}
        return web.Response(status=self.body.status, body=body, content_type=MEDIA_TYPE, headers=headers)


def bad_parameter(name: str, reason: str) -> Problem:
    """400: the parameter `name` cannot be used."""
    return Problem(400, f"`{name}`: {reason}", parameter=name)


def unknown(what: str, name: str, known: Iterable[str]) -> Problem:
    """404 with the nearest known name and all of them."""
    names = tuple(sorted(known))
    near = next(iter(get_close_matches(name, names, n=1, cutoff=0.5)), None)
    hint = f" Did you mean {near!r}?" if near else ""
    listed = ", ".join(names) or "none is configured"
    detail = f"there is no {what} {name[:80]!r}.{hint} Known: {listed}."
    return Problem(404, detail, parameter=what, did_you_mean=near, known=names)


def unavailable(detail: str, retry_after: int = 1) -> Problem:
    """503 with `Retry-After` (seconds): not now, and no wrong number instead."""
    return Problem(503, detail, headers={"Retry-After": str(retry_after)})


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error that a handler raises into a problem document; the unexpected is logged and tells no inside."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        return _of_aiohttp(request, error).response()
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return Problem(500, "an unexpected error; the service's log has the details").response()


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> Problem:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"{request.method} is not possible here, only {allowed}"
        return Problem(405, detail, headers={"Allow": allowed})
    if error.status == HTTPStatus.NOT_FOUND:
        return Problem(404, f"there is nothing at {request.path[:200]!r}; /openapi.json lists every route")
    return Problem(error.status, error.text or error.reason)
