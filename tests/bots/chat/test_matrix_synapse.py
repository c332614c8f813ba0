"""The Matrix outlet against a real homeserver, Synapse.

TERTULIA_TEST_SYNAPSE names the Python of an environment where `pip install matrix-synapse` was done; without it these
tests are skipped.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import yaml

from bots.chat.base import Delivered, Message, Refused, RetryLater, Tools
from bots.chat.document import Document, Picture
from bots.chat.matrix import Matrix, MatrixOptions
from tests.bots.chat.destination import NOW, PNG, session
from tests.bots.chat.messages import message

PYTHON = os.environ.get("TERTULIA_TEST_SYNAPSE", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="TERTULIA_TEST_SYNAPSE names no Python that has matrix-synapse")
SECRET = "only for this test"


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fresh Synapse with Synapse's own rate limits."""
    folder = tmp_path_factory.mktemp("synapse")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PYTHON, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
    generate = [*command, "--generate-config", "--report-stats=no", "--server-name", "localhost"]
    subprocess.run(generate, cwd=folder, check=True, capture_output=True)
    _configure(folder / "homeserver.yaml", port)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def _configure(file: Path, port: int) -> None:
    settings = yaml.safe_load(file.read_text())
    listener = {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": [{"names": ["client"]}]}
    settings |= {"listeners": [listener], "registration_shared_secret": SECRET, "trusted_key_servers": []}
    file.write_text(yaml.safe_dump(settings))


class Account:
    """A fresh account and a room of its own."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url, self.token, self.room = http, url, "", ""

    async def open(self, name: str) -> None:
        nonce = (await self.call("GET", "/_synapse/admin/v1/register"))["nonce"]
        words = "\x00".join((nonce, name, "password", "notadmin")).encode()
        mac = hmac.new(SECRET.encode(), words, hashlib.sha1).hexdigest()
        given = {"nonce": nonce, "username": name, "password": "password", "admin": False, "mac": mac}
        self.token = (await self.call("POST", "/_synapse/admin/v1/register", given))["access_token"]
        self.room = (await self.call("POST", "/_matrix/client/v3/createRoom", {}))["room_id"]

    async def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def download(self, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.get(self.url + path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def messages(self) -> list[dict[str, Any]]:
        path = f"/_matrix/client/v3/rooms/{quote(self.room)}/messages?dir=f&limit=100"
        events = (await self.call("GET", path))["chunk"]
        return [event["content"] for event in events if event["type"] == "m.room.message"]

    def outlet(self, **more: str) -> Matrix:
        given = {"homeserver": self.url, "room": self.room, "token": self.token} | more
        return Matrix(MatrixOptions.model_validate(given), Tools(self.http, lambda: NOW))


@pytest.fixture
async def account(homeserver: str, request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    async with session() as http:
        for _ in range(240):
            try:
                async with http.get(f"{homeserver}/_matrix/client/versions") as answer:
                    assert answer.status == 200
                    break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.25)
        found = Account(http, homeserver)
        await found.open(request.node.name.lower()[5:40])
        yield found


async def test_a_message_is_shown_once_however_often_it_is_sent(account: Account) -> None:
    told = message("<b>hola</b> @room 👩‍👩‍👧‍👦")
    assert await account.outlet().send(told) == Delivered()
    assert await account.outlet().send(told) == Delivered()
    assert await account.outlet().send(message("other", key="f00d-2")) == Delivered()
    first, second = await account.messages()
    assert "84 posts in 5m" in first["body"]
    assert "&lt;b&gt;hola&lt;/b&gt; @\u200broom 👩‍👩‍👧‍👦" in first["formatted_body"]
    assert first["m.mentions"] == {}
    assert "other" in second["body"]


async def test_a_chart_is_shown_once_beside_its_message(account: Account) -> None:
    told = message(picture=Picture(PNG, "Chart: posts of Acme"))
    assert await account.outlet().send(told) == Delivered()
    assert await account.outlet().send(told) == Delivered()
    text, image = await account.messages()
    assert text["msgtype"] == "m.text"
    assert (image["msgtype"], image["body"]) == ("m.image", "Chart: posts of Acme")
    address = image["url"].removeprefix("mxc://")
    assert await account.download(f"/_matrix/client/v1/media/download/{address}") == PNG


async def test_an_answer_goes_to_the_room_and_names_its_question(account: Account) -> None:
    await account.outlet().send(message())
    path = f"/_matrix/client/v3/rooms/{quote(account.room)}/messages?dir=b&limit=1"
    question = (await account.call("GET", path))["chunk"][0]["event_id"]
    other = account.outlet(room="!nowhere:localhost")
    assert await other.send(message("answer", key="answer-1"), f"{account.room}/{question}") == Delivered()
    _, answer = await account.messages()
    assert answer["m.relates_to"] == {"m.in_reply_to": {"event_id": question}}


async def test_the_longest_message_is_taken(account: Account) -> None:
    long = Document('"' * 500, parts=tuple(message().document.parts) * 400)
    assert await account.outlet().send(Message("long-1", long)) == Delivered()


async def test_the_real_rate_limit_says_how_long_to_wait(account: Account) -> None:
    outlet = account.outlet()
    for number in range(60):
        outcome = await outlet.send(message(key=f"a{number}"))
        if not isinstance(outcome, Delivered):
            break
    assert isinstance(outcome, RetryLater)
    assert outcome.after is not None
    assert outcome.after > 0


async def test_a_wrong_token_and_a_foreign_room_are_refused(account: Account) -> None:
    for wrong in ({"token": "syt_wrong"}, {"room": "!nowhere:localhost"}):
        outcome = await account.outlet(**wrong).send(message())
        assert isinstance(outcome, Refused)
        assert "syt_wrong" not in outcome.reason
