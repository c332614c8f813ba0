"""Pass a question on to the worker that holds the brand, or say plainly why that is not possible now."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from streams.api.peers import ANSWER_S, HOP, PART_S, LookupFailed, PeerAnswer, PeerFailed, Peers
from streams.api.problems import unavailable
from streams.metrics import API_PROXIED


class Proxy:
    """`me` is the URL under which other workers know this one."""

    def __init__(self, peers: Peers, me: Callable[[], str]) -> None:
        self._peers, self._me = peers, me

    async def ask(self, brand: str, path: str, request: web.Request, *, last: bool = False) -> PeerAnswer:
        """The answer of `brand`'s holder to `path`, with the asker's token. Raises `Problem` 503.

        `last`: the holder will not ask anybody else for it, so that even a question that came from a worker may go on.
        """
        if HOP in request.headers and not last:
            raise moving(brand)  # asked as the holder, and not it any more: one hop, never a circle
        try:
            owner = await self._peers.owner(brand, me=self._me())
            if owner is None:
                raise moving(brand)
            authorization = request.headers.get("Authorization")
            answer = await self._peers.get(owner, path, authorization, PART_S if last else ANSWER_S)
        except (LookupFailed, PeerFailed) as error:
            API_PROXIED.labels("failed").inc()
            raise unavailable(f"{brand}: {error}", retry_after=2) from error
        API_PROXIED.labels("answered").inc()
        return answer

    async def pass_on(self, brand: str, request: web.Request) -> web.Response:
        """The holder's answer as it is, errors too."""
        answer = await self.ask(brand, request.path_qs, request)
        headers = {"Cache-Control": "no-store"}
        if answer.retry_after:
            headers["Retry-After"] = answer.retry_after
        return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type, headers=headers)


def moving(brand: str) -> Exception:
    """503: nobody holds the brand at this moment."""
    return unavailable(f"{brand} is moving to another worker; ask again in a second")
