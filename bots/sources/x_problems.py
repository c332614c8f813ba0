"""How X refuses, and what is to be done about it (docs.x.com/x-api/fundamentals/response-codes-and-errors)."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from bots.http import HttpError
from bots.sources.base import Misconfigured

RATE_REST_S = 60.0
BUSY_REST_S = 30.0  # X notices late that a connection has gone
SPENT_REST_S = 3_600.0  # a person has to pay, or the month has to end: ask every hour whether it has


class Refused(HttpError):
    """X understood, and does not do it: a query it cannot read, or a part of the API that this access lacks."""


class Problem(msgspec.Struct, frozen=True):
    """One entry of `errors`, or the body of a refusal (RFC 9457)."""

    title: str = ""
    detail: str = ""
    message: str = ""
    type: str = ""
    id: str = ""
    value: str = ""
    resource_id: str = ""
    connection_issue: str = ""
    details: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The last part of its type, such as `resource-not-found`."""
        return self.type.rpartition("/")[2]

    @property
    def words(self) -> str:
        """What it says to people."""
        return ("; ".join(self.details) or self.detail or self.message or self.title or "no reason given")[:300]


class _Refusal(Problem, frozen=True):
    errors: tuple[Problem, ...] = ()


def meaning(error: HttpError) -> Exception:
    """A refusal as what is to be done about it."""
    problems = problems_in(error.body)
    kinds = {problem.kind for problem in problems}
    words = problems[0].words if problems else "no reason given"
    if error.status == HTTPStatus.UNAUTHORIZED:
        return Misconfigured(f"sources.x.token: X does not accept it ({words})")
    if error.status == HTTPStatus.PAYMENT_REQUIRED or "usage-capped" in kinds:
        return HttpError(f"what was paid for at X is used up: {words}", error.status, error.after or SPENT_REST_S)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        if any(problem.connection_issue == "TooManyConnections" for problem in problems):
            reason = "X counts another open connection of this app: one that is not over yet, or another program's"
            return HttpError(reason, error.status, BUSY_REST_S)
        return HttpError(str(error), error.status, RATE_REST_S if error.after is None else error.after)
    garbled = error.status == HTTPStatus.BAD_REQUEST and not problems  # X says why; who does not is somebody in between
    if error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN) and not garbled:
        return Refused(f"{error}: {words}", error.status)
    return error


def settled(error: HttpError, key: str = "token") -> Exception:
    """A refusal of what cannot be done without: `sources.x.<key>` is to be mended."""
    return Misconfigured(f"sources.x.{key}: X refuses: {error}") if isinstance(error, Refused) else error


def problems_in(body: bytes) -> tuple[Problem, ...]:
    """The complaints in a body, the general one first; none where it holds none."""
    try:
        found = msgspec.json.decode(body, type=_Refusal)
    except ValueError:  # no JSON, or another form: the status has to do
        return ()
    return ((found,) if found.type or found.title else ()) + found.errors
