"""The HTTP API as seen by those who ask: chat outlets and the command line."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
_ORDER_TIMEOUT = aiohttp.ClientTimeout(total=90, connect=5)  # an order is answered when it is carried out


class AskFailed(Exception):
    """The service did not answer the question; the text is for a person, `data` for a program."""

    def __init__(self, reason: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.data = data or {"title": "no answer", "detail": reason}


class Unreachable(AskFailed):
    """Nothing answers where the service should be, or not in time."""


class ApiClient:
    """Asks one service: `async with ApiClient(url, token) as client`."""

    def __init__(self, api: str, token: str | None = None) -> None:
        self.url = api.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, *, accept: int = 200, **params: str | None) -> Any:
        """The JSON of `path`; `accept` is a status that is an answer as well. Raises `AskFailed`."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self._ask("GET", path, accept, params=given)

    async def download(self, path: str, **params: str | None) -> bytes:
        """The document at `path`, whatever its form. Raises `AskFailed`."""
        given = {name: value for name, value in params.items() if value is not None}
        document: bytes = await self._ask("GET", path, 200, params=given, timeout=_ORDER_TIMEOUT, raw=True)
        return document

    async def put(self, path: str, body: Any, *, accept: int = 200) -> Any:
        """Order something, and its answer, which may take its time. Raises `AskFailed`."""
        return await self._ask("PUT", path, accept, json=body, timeout=_ORDER_TIMEOUT)

    async def post(self, path: str, body: Any, *, accept: int = 200) -> Any:
        """Make something new, and what it became. Raises `AskFailed`."""
        return await self._ask("POST", path, accept, json=body)

    async def delete(self, path: str, **params: str) -> Any:
        """End something, and what became of it. Raises `AskFailed`."""
        return await self._ask("DELETE", path, 200, params=params)

    async def _ask(self, method: str, path: str, accept: int, *, raw: bool = False, **more: Any) -> Any:
        longest = more.get("timeout", _TIMEOUT).total
        try:
            async with self._session.request(method, self.url + path, allow_redirects=False, **more) as response:
                body = await response.read()
                return body if raw and response.status == accept else self._read(response.status, body, accept)
        except (aiohttp.InvalidURL, ValueError) as error:
            raise AskFailed(f"{self.url!r} is no URL of a service, such as http://127.0.0.1:6066") from error
        except TimeoutError as error:
            raise Unreachable(f"the service at {self.url} takes longer than {longest:g} s to answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                f"nothing answers at {self.url} ({error}). Start the service with `tertulia up`, "
                "or name another with --api"
            ) from error

    def _read(self, status: int, body: bytes, accept: int) -> Any:
        try:
            data = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AskFailed(f"what answers at {self.url} is not Tertulia (status {status}, no JSON)") from error
        if status in (200, accept):
            return data
        detail = str(data.get("detail", status)) if isinstance(data, dict) else f"status {status}"
        if status == 401:
            detail += ". Give it with TERTULIA_API__TOKEN"
        raise AskFailed(detail, data if isinstance(data, dict) else None)
