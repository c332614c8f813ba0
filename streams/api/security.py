"""Who may ask: a bearer token beyond loopback, and on loopback only names of loopback (against DNS rebinding)."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from config.schema import Api
from streams.api.problems import Problem
from streams.api.routes import INGEST

FREE = frozenset({"/healthz", "/readyz"})  # probes carry no secrets, and tell none
# The page itself is empty: it asks for the token, and sends it with each question.
PAGE = frozenset({"/", "/dashboard.js", "/charts.js", "/words.js", "/dashboard.css"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class TokenMissing(ValueError):
    """The service would be open to the network."""


def is_loopback(host: str) -> bool:
    """Whether `host` can only be reached from this machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_of(api: Api) -> str | None:
    """The configured token. Raises `TokenMissing` when one is needed and there is none."""
    token = api.token.get_secret_value() if api.token else ""
    if not token and not is_loopback(api.host):
        raise TokenMissing(
            f"`api.host` is {api.host!r}, which others can reach, and `api.token` is not set. Set TERTULIA_API__TOKEN "
            "(or `api.token_file`), or listen on 127.0.0.1"
        )
    return token or None


def guard(api: Api) -> Middleware:
    """The middleware that lets a request in or not."""
    token = token_of(api)
    check_host = is_loopback(api.host)
    names = {urlsplit(api.advertise).hostname} if api.advertise else set()

    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is not None and resource.canonical == INGEST.path:  # its handler wants a signature instead
            return await handler(request)
        if check_host:
            _check_host(request, names)
        if token is not None and request.path not in FREE | PAGE:
            _check_token(request, token)
        return await handler(request)

    return let_in


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every response, errors too."""
    response.headers.update(HEADERS)


def _check_host(request: web.Request, names: set[str | None]) -> None:
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host) and host not in names:
        raise Problem(403, "the Host header names another machine; ask at 127.0.0.1 or localhost", parameter="Host")


def _check_token(request: web.Request, token: str) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # compare_digest takes the same time wherever the first difference is.
    same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not same:
        headers = {"WWW-Authenticate": 'Bearer realm="tertulia"'}
        raise Problem(
            401, "a bearer token is needed: Authorization: Bearer <the value of `api.token`>", headers=headers
        )
