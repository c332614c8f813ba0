"""From question to answer: in time, once, in the right language, and with a word to say whatever goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater
from bots.chat.listen import answering as module
from bots.chat.listen.answering import Answering
from bots.chat.listen.asking import Desk
from bots.chat.listen.base import Person, Question, Reply
from bots.chat.listen.door import PER_MINUTE, Door
from bots.chat.listen.memory import Memory
from bots.chat.listen.watching import Watching
from bots.chat.listen.words import say
from bots.chat.questions_options import Questions
from bots.chat.watches import Watches
from bots.commands.client import ApiClient
from streams.audit import Audit
from tests.bots.chat.listen.service import TOKEN, Service, until
from tests.streams.api.stub import NOW

ANA, EVE = Person("ana", "Ana\u202e\n(admin)"), Person("eve")


class Kept(Reply):
    """Keeps what is sent; answers with `outcomes` first."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.sent: list[Message] = []
        self.outcomes = list(outcomes)

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        return self.outcomes.pop(0) if self.outcomes else Delivered()

    @property
    def titles(self) -> list[str]:
        """Of what was sent."""
        return [message.document.title for message in self.sent]


class Room:
    """One chat, whose service is at `url`."""

    def __init__(self, folder: Path, client: ApiClient, **options: object) -> None:
        given = {"enabled": True, "rooms": ["room"], "manage": ["ana"], **options}
        self.audit, self.watches = Audit(folder), Watches(folder / "watches.sqlite3")
        self.memory = Memory(folder / "questions.sqlite3")
        desk = Desk(client, Watching(client, self.watches, self.audit, lambda: NOW), lambda: NOW)
        questions = Questions.model_validate(given)
        lang = None if questions.lang == "auto" else questions.lang
        door = Door("slack", questions, frozenset(questions.rooms))
        self.answering = Answering("slack", "slack", door, desk, self.memory, lang, lambda: NOW, Random(1))
        self.count = 0

    async def ask(self, text: str, person: Person = ANA, *outcomes: Outcome, **more: object) -> Kept:
        """Put a question, and wait until it is answered."""
        self.count += 1
        reply = Kept(*outcomes)
        self.answering.hear(Question(f"q{self.count}", text, "room", person), reply)
        while self.answering.busy:
            await asyncio.sleep(0.001)
        return reply


@pytest.fixture
async def room(tmp_path: Path, service: Service) -> AsyncIterator[Room]:
    async with ApiClient(service.server.url, TOKEN) as client:
        found = Room(tmp_path, client)
        yield found
        await found.answering.stop()
        found.watches.close()
        found.memory.close()


@pytest.mark.parametrize(
    ("question", "lang", "part"),
    [
        ("pulse fairphone 12h", "en", "Fairphone, 12h: 60 posts by 7 authors"),
        ("pulso fairphone 12h", "es", "Fairphone, 12h: 60 publicaciones de 7 autores"),
        ("help", "en", "What you can ask"),
        ("/AYUDA", "es", "Qué se puede preguntar"),
        ("ayudda", "es", "Qué se puede preguntar"),
        ("", "en", "What you can ask"),
        ("digest fairphone 12h", "en", "The last 12h"),
        ("resumen fairphone 12h", "es", "Resumen de 12h"),
        ("why fairphone", "en", "Fairphone: 84 posts in 5m"),
        ("influencers fairphone", "en", "'influencers' cannot be asked in this version"),
        ("embudo", "es", "'embudo' no se puede preguntar todavía"),
        ("influencer x", "en", "'influencers' cannot be asked"),
        ("mesage x", "en", "'message' cannot be asked"),
        ("weather madrid", "en", "'weather' is none of the questions: pulse"),
        ("pulse nokia", "en", "there is no brand 'nokia'"),
        ("watch", "en", "This room has asked for nothing"),
        ("watch off", "en", "which one?"),
        ("forget nobody", "en", "'nobody' is no author's id"),
    ],
)
async def test_answers(room: Room, question: str, lang: str, part: str) -> None:
    (message,) = (await room.ask(question)).sent
    assert message.lang == lang
    assert part in message.document.title


async def test_the_configured_language_wins(tmp_path: Path, service: Service) -> None:
    async with ApiClient(service.server.url, TOKEN) as client:
        (message,) = (await Room(tmp_path, client, lang="es").ask("help")).sent
    assert message.document.title == "Qué se puede preguntar"


async def test_who_changes_something_is_named_without_tricks(room: Room, service: Service) -> None:
    await room.ask("silence fairphone 1h")
    await room.ask("watch Fair phone crisis")
    await room.ask("vigila fairphone critical")
    await room.ask("forget demo:a1 yes")
    assert (await room.ask("silence fairphone 1h", EVE)).titles[0].startswith("`silence` changes something")
    assert (await room.ask("watch fairphone", EVE)).titles[0].startswith("`watch` changes something")
    assert (await room.ask("silence list", EVE)).titles != []
    orders = [*service.orders(), *_lines(room.audit)]
    assert {order["by"] for order in orders} == {"slack:ana (Ana (admin))"}
    assert sorted(order["order"] for order in orders) == ["forget", "silence", "watch", "watch"]
    assert [watch.matchers for watch in room.watches.all()] == [
        ('brand="fairphone"', 'kind="crisis"'),
        ('brand="fairphone"', 'severity="critical"'),
    ]


async def test_a_limit_is_waited_out_and_a_refusal_is_not_repeated(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    limited = await room.ask("help", ANA, RetryLater("slow down", 0.01), RetryLater("slow down"))
    assert [message.key for message in limited.sent] == [limited.sent[0].key] * 3
    refused = await room.ask("help", ANA, Refused("no such room"))
    assert len(refused.sent) == 1
    forever = await room.ask("help", ANA, RetryLater("come back tomorrow", 86_400))
    assert len(forever.sent) == 1
    assert "an answer could not be told: no such room" in caplog.text


async def test_one_key_is_answered_once_and_keys_are_fit_for_outlets(room: Room) -> None:
    first, second = Kept(), Kept()
    for reply in (first, second):
        room.answering.hear(Question("same/\x00key", "help", "room", ANA), reply)
    await until(lambda: not room.answering.busy)
    assert len(first.sent) == 1
    assert not second.sent
    key = first.sent[0].key
    assert len(key) <= 64
    assert key.replace("-", "").replace("_", "").isalnum()


async def test_a_flood_is_told_once_and_others_are_still_answered(room: Room) -> None:
    replies = [await room.ask("help", EVE) for _ in range(PER_MINUTE + 5)]
    assert all(reply.titles == ["What you can ask"] for reply in replies[:PER_MINUTE])
    assert replies[PER_MINUTE].titles == [say("haste", "en")]
    assert not any(reply.sent for reply in replies[PER_MINUTE + 1 :])
    assert (await room.ask("help", ANA)).titles == ["What you can ask"]


async def test_while_the_service_is_away_that_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with ApiClient("http://127.0.0.1:9", "secret token") as client:
        room = Room(tmp_path, client)
        assert (await room.ask("pulse fairphone")).titles == [say("away", "en")]
        assert (await room.ask("pulso fairphone")).titles == [say("away", "es")]
        assert (await room.ask("help")).titles == ["What you can ask"], "that needs no service"
    assert "nothing answers at" in caplog.text
    assert "secret token" not in caplog.text


@pytest.fixture
async def slow_service() -> AsyncIterator[Callable[[Callable[[], Awaitable[None]]], Awaitable[str]]]:
    """A service that takes as long as it is told; only it can be made to."""
    servers: list[TestServer] = []

    async def start(wait: Callable[[], Awaitable[None]]) -> str:
        async def serve(request: web.Request) -> web.Response:
            await wait()
            return web.json_response({"sources": []})

        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        servers.append(TestServer(app))
        await servers[0].start_server(shutdown_timeout=0)
        return str(servers[0].make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


async def test_who_waits_is_told_in_time(
    tmp_path: Path,
    slow_service: Callable[[Callable[[], Awaitable[None]]], Awaitable[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)  # what is tested is the order, not the clock
    release = asyncio.Event()
    url = await slow_service(lambda: _until_set(release))
    async with ApiClient(url) as client:
        room = Room(tmp_path, client)
        reply = Kept()
        room.answering.hear(Question("q", "sources", "room", ANA), reply)
        await until(lambda: reply.sent)
        assert reply.titles == ["One moment: this number has to be worked out."]
        release.set()
        await until(lambda: len(reply.sent) == 2)
    first, second = reply.sent
    assert second.document.title == "No source has reported yet."
    assert first.key == f"{second.key}-wait"
    assert len(first.key) <= 64


async def test_what_takes_for_ever_is_given_up(
    tmp_path: Path,
    slow_service: Callable[[Callable[[], Awaitable[None]]], Awaitable[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 0.05)  # five minutes otherwise
    url = await slow_service(lambda: _until_set(asyncio.Event()))
    async with ApiClient(url) as client:
        assert (await Room(tmp_path, client).ask("sources")).titles == [say("too long", "en")]


async def test_a_fault_of_ours_is_told_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ApiClient):  # no real service answers so that our own code fails
        async def get(self, path: str, *, accept: int = 200, **params: str | None) -> object:
            raise ZeroDivisionError("a bug")

    caplog.set_level(logging.ERROR)
    async with Broken("http://127.0.0.1:9") as client:
        assert (await Room(tmp_path, client).ask("status")).titles == [say("broken", "en")]
    assert "ZeroDivisionError: a bug" in caplog.text


async def test_old_questions_are_left_alone(room: Room) -> None:
    reply = Kept()
    room.answering.hear(Question("old", "help", "room", ANA, NOW - timedelta(hours=1, seconds=1)), reply)
    room.answering.hear(Question("new", "help", "room", ANA, NOW - timedelta(minutes=59)), reply)
    await until(lambda: not room.answering.busy)
    assert len(reply.sent) == 1


async def _until_set(event: asyncio.Event) -> None:
    await event.wait()


def _lines(audit: Audit) -> list[dict[str, str]]:
    import json

    return [json.loads(line) for line in audit.path.read_text().splitlines()]
