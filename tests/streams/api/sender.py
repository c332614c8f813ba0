"""A sender of posts to `/ingest` that signs as the documentation says, and something that takes the place of Kafka."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import aiohttp
from aiokafka.errors import KafkaConnectionError

from config.inlets import Inlet
from streams.api import ApiServer
from streams.api.ingest import Ingest
from streams.api.ingest_signature import HUB, OURS
from streams.inbox import Refused, opened
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, make_config

SECRET = "a secret of the shop, long enough"
OTHER = "another secret that is long enough"
SECONDS = int(NOW.timestamp())


def signature(body: bytes, secret: str = SECRET, at: int = SECONDS) -> str:
    """The header, written down independently of the code that checks it."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def hub_signature(body: bytes, secret: str = SECRET) -> str:
    """As GitHub does it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard(body: bytes, key: bytes = SECRET.encode(), at: int = SECONDS, name: str = "msg_1") -> dict[str, str]:
    """The headers of Standard Webhooks, written down from its specification."""
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    signed = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signed}


def post(number: int = 1, **more: Any) -> dict[str, Any]:
    """A record in the form of a post."""
    return {
        "id": f"shop:r-{number}",
        "author": {"id": f"shop:c-{number % 7}", "handle": f"customer{number % 7}"},
        "text": f"Review {number}: the battery of my Fairphone lasts.",
        "created_at": "2026-11-23T11:00:00Z",
    } | more


class Kept:
    """Takes letters as Kafka does; after `most` it is away: it never acknowledges, or with `refuses` says so."""

    def __init__(self) -> None:
        self.letters: list[tuple[bytes, bytes]] = []
        self.most, self.refuses = 1 << 30, False

    async def __call__(self, key: bytes, value: bytes) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if len(self.letters) < self.most:
            self.letters.append((key, value))
            future.set_result(None)
        elif self.refuses:
            raise KafkaConnectionError()
        return future

    def found(self) -> list[Any]:
        """What was taken, opened: decoded posts and `Refused`."""
        return [
            item if isinstance(item, Refused) else json.loads(item)
            for item in (opened(Record(key, value)) for key, value in self.letters)
        ]


class Record:
    """As a consumer hands it over."""

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key, self.value = key, value


class Shop:
    """A server with one inlet, `shop`, and its sender."""

    def __init__(self, server: ApiServer, http: aiohttp.ClientSession, kept: Kept, ingest: Ingest) -> None:
        self.server, self.kept, self.ingest = server, kept, ingest
        self._http = http

    async def send(self, body: Any, *, to: str = "shop", **headers: str) -> tuple[int, Any]:
        """Status and answer. `body` that is no bytes goes as JSON; without headers it is signed well."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        given = headers or {OURS: signature(data)}
        async with self._http.post(f"{self.server.url}/ingest/{to}", data=data, headers=given) as response:
            self.headers = response.headers
            return response.status, await response.json(content_type=None)


async def open_shop(serve: Serve, http: aiohttp.ClientSession, **options: Any) -> Shop:
    """The API with the inlet; `options` of it, or `token`, `host` and the like of the API."""
    api = {name: options.pop(name) for name in ("token", "host") if name in options}
    inlet = Inlet.model_validate({"name": "shop", "secret": SECRET} | options)
    kept = Kept()
    ingest = Ingest({"shop": inlet}, kept, lambda: NOW, kafka_s=0.3)
    return Shop(await serve(config=make_config(**api), ingest=ingest), http, kept, ingest)


__all__ = ["HUB", "NOW", "OTHER", "OURS", "SECONDS", "SECRET", "Kept", "Shop", "open_shop", "post", "signature"]
