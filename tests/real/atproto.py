"""Bluesky in small: its account server with a directory of accounts, and the Go Jetstream that reads it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from tests.e2e.worker_process import free_port
from tests.real.running import Running
from tests.real.servers import program

POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
PASSWORD = "only-for-this-test"
FROM = "JETSTREAM_OVERRIDE_RELAY_CURSOR"


class Account(NamedTuple):
    """Somebody with an account."""

    did: str
    handle: str
    token: str


class Ref(NamedTuple):
    """A record, as others point at it."""

    uri: str
    cid: str


class Atproto:
    """Both servers. `jetstream` is started by `running`, and may be ended and started again by the test."""

    def __init__(self, folder: Path) -> None:
        made, jetstream = program("pds"), program("jetstream")
        pds, plc, listen, metrics = (free_port() for _ in range(4))
        self._url = f"http://localhost:{pds}"
        self.host = f"ws://127.0.0.1:{listen}"
        node = shutil.which("node")
        assert node is not None, "it was here when the server was made"
        self._pds = Running([node, made / "pds.mjs", folder / "pds", str(pds), str(plc)], folder, pds)
        settings = {
            "JETSTREAM_WS_URL": f"ws://localhost:{pds}/xrpc/com.atproto.sync.subscribeRepos",
            "JETSTREAM_LISTEN_ADDR": f"127.0.0.1:{listen}",
            "JETSTREAM_METRICS_LISTEN_ADDR": f"127.0.0.1:{metrics}",
            "JETSTREAM_DATA_DIR": str(folder / "jetstream"),
            "JETSTREAM_LIVENESS_TTL": "1h",  # here nothing may be said for a while
            FROM: "0",
        }
        self.jetstream = Running([jetstream], folder, listen, settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Both started, Jetstream second: from the beginning, and when it is started again from where it was."""
        async with self._pds, self.jetstream:
            del self.jetstream.env[FROM]
            yield

    async def account(self, name: str) -> Account:
        """A new account."""
        given = {"email": f"{name}@example.org", "handle": f"{name}.test", "password": PASSWORD}
        made = await self._call("com.atproto.server.createAccount", given)
        return Account(made["did"], made["handle"], made["accessJwt"])

    async def say(self, who: Account, text: str, **more: Any) -> Ref:
        """A new post."""
        return await self.put(who, POST, {"text": text, "langs": ["es"], **more})

    async def put(self, who: Account, collection: str, record: dict[str, Any], rkey: str = "") -> Ref:
        """A new record, or with its key another one in its place."""
        whole = {"$type": collection, "createdAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"), **record}
        given = {"repo": who.did, "collection": collection, "record": whole} | ({"rkey": rkey} if rkey else {})
        made = await self._call(f"com.atproto.repo.{'put' if rkey else 'create'}Record", given, who.token)
        return Ref(made["uri"], made["cid"])

    async def delete(self, who: Account, ref: Ref) -> None:
        """Take a record back."""
        _, _, _, collection, rkey = ref.uri.split("/")
        given = {"repo": who.did, "collection": collection, "rkey": rkey}
        await self._call("com.atproto.repo.deleteRecord", given, who.token)

    async def end_account(self, who: Account) -> None:
        """Delete an account with all that it said."""
        await self._call("com.atproto.admin.deleteAccount", {"did": who.did}, admin=True)

    async def take_down(self, who: Account) -> None:
        """What a moderator does."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": who.did}
        given = {"subject": subject, "takedown": {"applied": True, "ref": "1"}}
        await self._call("com.atproto.admin.updateSubjectStatus", given, admin=True)

    async def held(self, *accounts: Account) -> dict[str, str]:
        """Post id to text of the posts and reposts that the account server has now."""
        found: dict[str, str] = {}
        for who in accounts:
            for collection in (POST, REPOST):
                listed = f"com.atproto.repo.listRecords?repo={who.did}&collection={collection}&limit=100"
                page = await self._call(listed)
                assert len(page["records"]) < 100, "one page is enough"
                found |= {f"bluesky:{item['uri']}": item["value"].get("text", "") for item in page["records"]}
        return found

    async def _call(self, name: str, given: Any = None, token: str = "", *, admin: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        auth = aiohttp.BasicAuth("admin", PASSWORD) if admin else None
        async with (
            aiohttp.ClientSession(auth=auth, headers=headers) as http,
            http.request("POST" if given else "GET", f"{self._url}/xrpc/{name}", json=given) as answer,
        ):
            said = await answer.text()
            assert answer.status == 200, f"{name}: {answer.status} {said}"
            return await answer.json() if said else None
