"""Slack's Web API: methods as a bot or an app, and what its refusals mean.

Slack answers 200 to nearly everything and says in the body whether it worked; limits are a 429 with Retry-After.
Source: docs.slack.dev/apis/web-api.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from pydantic import SecretStr

from bots.http import Http, HttpError

PASSING: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
"""Errors that are over after a while."""
WORDS: Final = {
    "not_authed": "it is missing",
    "invalid_auth": "Slack does not accept it",
    "account_inactive": "the app was removed from the workspace, or its account is switched off",
    "token_revoked": "it was revoked",
    "token_expired": "it has expired",
    "not_allowed_token_type": "it is of the wrong kind: bot tokens begin with xoxb-, app tokens with xapp-",
    "no_permission": "the app may not do this in the workspace",
    "org_login_required": "the workspace is being moved to an organisation",
    "ekm_access_denied": "the workspace's administrators have suspended access to its messages",
    "access_denied": "the app may not do this",
    "team_access_not_granted": "the app is not allowed into this workspace",
    "forbidden_team": "the app may not be used in this workspace",
}


class SlackError(Exception):
    """Slack said no, and will again; `error` is its own word, `needed` the scope that is missing."""

    def __init__(self, method: str, error: str, needed: str = "") -> None:
        super().__init__(f"{method}: {error}")
        self.error, self.needed = error, needed

    @property
    def known(self) -> bool:
        """Whether it is something that only a person can mend."""
        return self.error in WORDS or self.error == "missing_scope"

    def explain(self, key: str) -> str:
        """In plain words, for the option `key` that holds the token; only where it is `known`."""
        if self.error == "missing_scope":
            scope = self.needed or "a scope"
            return f"{key}: the app lacks {scope}; add it under OAuth & Permissions and install the app again ({self})"
        return f"{key}: {WORDS[self.error]} ({self})"


class _Answer(msgspec.Struct):
    ok: bool
    error: str = "unknown_error"
    needed: str = ""


class SlackWeb:
    """Requests with one token. All raise `HttpError` for what may pass, and `SlackError`."""

    def __init__(self, http: Http, base_url: str, token: SecretStr) -> None:
        self._http, self._base, self._token = http, base_url, token

    async def get(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The body of an answer that is `ok`."""
        found = await self._http.get_json(f"{self._base}/{method}", params=params, headers=self._headers)
        return _checked(method, found)

    async def post(self, method: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The same for methods that want a POST; it may be sent twice."""
        found = await self._http.post_form(f"{self._base}/{method}", form or {}, headers=self._headers)
        return _checked(method, found)

    async def socket(self) -> str:
        """Where to open a Socket Mode connection, once; the token is the app's."""
        url = (await self.post("apps.connections.open")).get("url")
        if not isinstance(url, str):
            raise HttpError("Slack names no address for Socket Mode", HTTPStatus.OK)
        return url

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}


def _checked(method: str, found: Any) -> dict[str, Any]:
    try:
        answer = msgspec.convert(found, _Answer)
    except msgspec.ValidationError as error:
        raise HttpError(f"Slack's answer to {method} has another form: {error}", HTTPStatus.OK) from error
    if answer.ok:
        assert isinstance(found, dict), "it has fields"
        return found
    if answer.error in PASSING:
        raise HttpError(f"Slack answers {answer.error} to {method}", HTTPStatus.SERVICE_UNAVAILABLE)
    raise SlackError(method, answer.error, answer.needed)
