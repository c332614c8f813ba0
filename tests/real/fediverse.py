"""A server with Mastodon's API, mastodon-mock: statuses, hashtags, paging, streams, faults on demand."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.worker_process import free_port
from tests.real.running import Running
from tests.real.servers import program

NAMES = ("ana", "beto", "chus")


class Fediverse:
    """The server with three accounts, whose tokens are their names; what it holds outlives it."""

    def __init__(self, folder: Path) -> None:
        binary, port = program("mastodon"), free_port()
        self.url = f"http://127.0.0.1:{port}"
        (folder / "mock.toml").write_text(_config(folder))
        command: list[str | Path] = [
            binary,
            "serve",
            "--config",
            "mock.toml",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ]
        self.server = Running(command, folder, port, {"HOST": "127.0.0.1"})

    async def say(self, who: str, text: str, **more: Any) -> dict[str, Any]:
        """A new status."""
        said: dict[str, Any] = await self._call(who, "POST", "statuses", {"status": text, **more})
        return said

    async def edit(self, status: dict[str, Any], who: str, text: str) -> None:
        """Other words for a status."""
        await self._call(who, "PUT", f"statuses/{status['id']}", {"status": text})

    async def delete(self, status: dict[str, Any], who: str) -> None:
        """Take a status back."""
        await self._call(who, "DELETE", f"statuses/{status['id']}")

    async def fail(self, count: int, path: str, **effect: Any) -> None:
        """Let so many requests for a path go wrong."""
        body = {"match": {"path": path}, "effect": effect, "count": count}
        await self._call("ana", "POST", "_mock/faults", body)

    async def held(self, *paths: str) -> dict[str, str]:
        """Post id to text of what the timelines hold now, read page by page from the newest back."""
        found: dict[str, str] = {}
        for path in paths:
            last = ""
            while page := await self._call("ana", "GET", f"timelines/{path}{last}"):
                found |= {f"mastodon:{status['uri']}": plain(status["content"]) for status in page}
                last = f"{'&' if '?' in path else '?'}max_id={page[-1]['id']}"
        return found

    async def _call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {who}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.request(method, f"{self.url}/api/v1/{path}", json=body) as answer,
        ):
            assert answer.status < 300, f"{path}: {answer.status} {await answer.text()}"
            return await answer.json()


def plain(html: str) -> str:
    """The words of a status: paragraphs and lines apart, no markup."""
    html = html.replace("</p><p>", "\n\n").replace("<br />", "\n")
    return unescape(re.sub(r"<[^>]*>", "", html))


def _config(folder: Path) -> str:
    accounts = "".join(
        f'[[seed.accounts]]\nusername = "{name}"\ndisplay_name = "{name.title()}"\naccess_token = "{name}"\n'
        for name in NAMES
    )
    database = f"[database]\npath = {json.dumps(str(folder / 'mock.sqlite'))}\n"
    return f"{database}[streaming]\nheartbeat_seconds = 1.0\n{accounts}"
