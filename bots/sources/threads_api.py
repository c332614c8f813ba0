"""The Threads API (developers.facebook.com/docs/threads): search, single posts, the token's life, and refusals.

The token has to stand in the query of every request. So addresses are never logged whole, the links to next pages,
which repeat it, are not used, and Meta's own messages, which may quote it, are not passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec

from bots.http import Http, HttpError
from bots.sources.base import Misconfigured

_Form = TypeVar("_Form")
VERSION: Final = "v1.0"
LIMIT: Final = 100  # the most that a search gives at once
LIMIT_REST_S: Final = 3_600.0
FIELDS: Final = (
    "id,media_type,permalink,username,text,timestamp,alt_text,link_attachment_url,topic_tag,is_quote_post,quoted_post,"
    "reposted_post,is_reply,root_post,replied_to"
)
_TOKEN, _LIMITS = {190, 102}, {4, 17, 32, 613}
_OBJECT_MISSING = (100, 33)


class Resting(HttpError):
    """Too many requests: `after` seconds without any."""


class Missing(HttpError):
    """The post is not there, or not for us: Meta does not tell these apart."""


class Page(msgspec.Struct, frozen=True):
    """One page of a search; `after` leads to the next, if there is one. `more`: whether there may be one."""

    records: list[Any]
    after: str
    more: bool


class Life(msgspec.Struct, frozen=True):
    """How long a token lives (Unix time, 0: not told), and what it allows (empty: not told)."""

    expires: int
    scopes: tuple[str, ...]


class Renewed(msgspec.Struct, frozen=True):
    """A new token, and for how many seconds it lives."""

    access_token: str
    expires_in: int

    def __repr__(self) -> str:
        """Without the token."""
        return f"Renewed(expires_in={self.expires_in})"


class _Paging(msgspec.Struct, frozen=True):
    cursors: dict[str, str] = {}
    next: str = ""


class _Found(msgspec.Struct, frozen=True):
    data: list[Any]
    paging: _Paging = _Paging()


class _Checked(msgspec.Struct, frozen=True):
    expires_at: int = 0
    scopes: tuple[str, ...] = ()


class _Check(msgspec.Struct, frozen=True):
    data: _Checked


class _Error(msgspec.Struct, frozen=True):
    code: int = 0
    error_subcode: int = 0


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


class ThreadsApi:
    """Every method raises `HttpError` (`Resting`, `Missing`), or `Misconfigured`."""

    def __init__(self, http: Http, base: str, token: str) -> None:
        self._http, self._base = http, base
        self.token = token

    async def search(self, words: str, since: int, until: int, after: str) -> Page:
        """A page of the newest posts with these words, or under a `#topic`; `until` 0: to the newest."""
        asked = {"q": words.lstrip("#"), "search_type": "RECENT", "since": str(since), "limit": str(LIMIT)}
        asked |= {"search_mode": "TAG"} if words.startswith("#") else {}
        asked |= {"fields": FIELDS} | ({"until": str(until)} if until else {}) | ({"after": after} if after else {})
        found = _as(_Found, await self._get(f"{VERSION}/keyword_search", asked))
        cursor = found.paging.cursors.get("after", "")
        more = bool(found.data) and (bool(found.paging.next) or len(found.data) >= LIMIT)
        return Page(found.data, cursor if more else "", more)

    async def posts(self, numbers: Sequence[str]) -> tuple[list[Any], list[str]]:
        """Those of the posts that can be read, and the numbers of the others."""
        there: list[Any] = []
        missing: list[str] = []
        for number in numbers:
            try:
                there.append(await self._get(f"{VERSION}/{number}", {"fields": FIELDS}))
            except Missing:
                missing.append(number)
        return there, missing

    async def life(self) -> Life:
        """How long the token lives."""
        found = _as(_Check, await self._get(f"{VERSION}/debug_token", {"input_token": self.token})).data
        return Life(found.expires_at, found.scopes)

    async def renew(self) -> Renewed:
        """A new token for this one, which must be a day old and not expired."""
        return _as(Renewed, await self._get("refresh_access_token", {"grant_type": "th_refresh_token"}))

    async def _get(self, path: str, params: Mapping[str, str]) -> Any:
        asked = {**params, "access_token": self.token}
        try:
            found = await self._http.get_json(f"{self._base}/{path}", params=asked)
        except HttpError as error:
            raise meaning(error) from None  # what is below may hold the address
        if isinstance(found, dict) and "error" in found:
            raise meaning(HttpError("Threads refuses", HTTPStatus.OK, body=msgspec.json.encode(found)))
        return found


def meaning(error: HttpError) -> Exception:
    """A refusal as what is to be done about it, in words that hold nothing of Meta's own."""
    said = _said(error)
    number = f"error {said.code}" + (f", {said.error_subcode}" if said.error_subcode else "")
    if said.code in _TOKEN:
        return Misconfigured(f"sources.threads.token: it has expired or was withdrawn; make a new one ({number})")
    if said.code in _LIMITS or error.status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = f"Meta allows no more requests for now ({number})"
        return Resting(reason, error.status, LIMIT_REST_S if error.after is None else error.after)
    if said.code == 10 or 200 <= said.code < 300:
        return Misconfigured(
            "sources.threads.token: it lacks a permission; threads_basic and threads_keyword_search are needed, with "
            f"advanced access for the app ({number})"
        )
    if (said.code, said.error_subcode) == _OBJECT_MISSING:
        return Missing(f"the post is not there ({number})", error.status)
    return HttpError(f"{error} ({number})" if said.code else str(error), error.status, error.after)


def _said(error: HttpError) -> _Error:
    """The error's numbers; none where there is no JSON, or in another form: then the status has to do."""
    try:
        return msgspec.json.decode(error.body, type=_Refusal).error
    except ValueError:
        return _Error()


def _as(kind: type[_Form], found: Any) -> _Form:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise HttpError(f"Threads answers in another form than documented: {error}", HTTPStatus.OK) from error
