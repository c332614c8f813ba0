"""The Telegram outlet: requests by the description of the Bot API and as python-telegram-bot makes them, charts."""

from __future__ import annotations

import json
import logging
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
import telegram
from hypothesis import given as examples
from hypothesis import strategies as st
from pydantic import ValidationError
from telegram.error import BadRequest, Forbidden, RetryAfter

from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater, Tools
from bots.chat.document import Document, Part, Picture, Quote
from bots.chat.drawing import draw, utf16
from bots.chat.telegram import Html, Telegram, TelegramOptions
from tests.bots.chat.destination import NOW, PNG, Answer, Destination, destination, session
from tests.bots.chat.form_data import parts_of
from tests.bots.chat.messages import HOSTILE, message
from tests.contract.outlet_worlds import form

DESCRIBED = json.loads((Path(__file__).parents[2] / "recordings/openapi/telegram_send.json").read_text("utf-8"))
SENT = '{"ok":true,"result":{"message_id":7,"date":0,"chat":{"id":-100123,"type":"supergroup","title":"x"}}}'
ME = '{"ok":true,"result":{"id":123,"is_bot":true,"first_name":"t","username":"t_bot"}}'
TOKEN = "123:abc"
PICTURE = Picture(PNG, "Chart: posts of Acme")
TYPES = {"Integer": int, "String": str, "Boolean": bool}


async def sent(place: Destination, told: Message, to: str | None = None, **more: Any) -> Outcome:
    options = {"token": TOKEN, "chat": -100123, "base_url": place.url, **more}
    async with session() as http:
        return await Telegram(TelegramOptions.model_validate(options), Tools(http, lambda: NOW)).send(told, to)


def by_description(fields: dict[str, Any], name: str, family: str = "methods") -> None:
    """Raises unless the Bot API has such a method or type with such fields."""
    described = {field["name"]: field for field in DESCRIBED[family][name]["fields"]}
    assert set(fields) <= set(described)
    assert {name for name, field in described.items() if field["required"]} <= set(fields)
    for key, value in fields.items():
        types = described[key]["types"]
        if isinstance(value, dict):
            (one,) = types
            by_description(value, one, "types")
        elif not isinstance(value, bytes):
            assert type(value) in {TYPES[kind] for kind in types if kind in TYPES}


@pytest.mark.parametrize(("to", "more"), [(None, {}), (None, {"topic": 5}), ("-100999/12", {}), ("77", {})])
async def test_the_request_is_as_the_bot_api_describes_it(to: str | None, more: dict[str, Any]) -> None:
    async with destination() as place:
        place.usual = Answer(body=SENT)
        assert await sent(place, message(), to, **more) == Delivered()
    (seen,) = place.seen
    assert seen.path == f"/bot{TOKEN}/sendMessage"
    fields = msgspec.json.decode(seen.body)
    by_description(fields, "sendMessage")
    assert fields["link_preview_options"] == {"is_disabled": True}
    assert fields.get("message_thread_id") == more.get("topic")


async def test_python_telegram_bot_asks_for_the_same() -> None:
    """The same message through another client: what arrives differs in nothing that has a meaning."""
    text = draw(message().document, Html(), 4_096, utf16)
    async with destination() as place:
        place.usual = Answer(body=SENT)
        await sent(place, message(), "-100999/12")
        place.answers = [Answer(body=ME)]
        async with telegram.Bot(TOKEN, base_url=f"{place.url}/bot") as bot:
            await bot.send_message(
                -100999,
                text,
                parse_mode=telegram.constants.ParseMode.HTML,
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                reply_parameters=telegram.ReplyParameters(12, allow_sending_without_reply=True),
            )
    ours, theirs = place.seen[0], place.seen[-1]
    assert theirs.path.replace("%3A", ":") == ours.path
    read = {name: _decoded(value) for name, value in form(theirs).items()}
    assert msgspec.json.decode(ours.body) == read


def _decoded(value: str) -> Any:
    return json.loads(value) if value[:1] in "{-0123456789" else value


@pytest.mark.parametrize(
    ("status", "body", "theirs", "kind", "after"),
    [
        (429, {"description": "Too Many Requests", "parameters": {"retry_after": 31}}, RetryAfter, RetryLater, 31),
        (403, {"description": "Forbidden: bot was kicked from the group chat"}, Forbidden, Refused, None),
        (400, {"description": "Bad Request: chat not found"}, BadRequest, Refused, None),
    ],
)
async def test_refusals_mean_what_they_mean_to_python_telegram_bot(
    status: int, body: dict[str, Any], theirs: type[Exception], kind: type, after: float | None
) -> None:
    async with destination() as place:
        place.usual = Answer(status, body=json.dumps({"ok": False, "error_code": status, **body}))
        outcome = await sent(place, message())
        place.answers = [Answer(body=ME)]
        async with telegram.Bot(TOKEN, base_url=f"{place.url}/bot") as bot:
            with pytest.raises(theirs) as raised:
                await bot.send_message(1, "x")
    assert isinstance(outcome, kind)
    assert getattr(outcome, "after", None) == after
    if isinstance(raised.value, RetryAfter):
        seconds = raised.value.retry_after
        assert getattr(seconds, "total_seconds", lambda: seconds)() == after


async def test_a_short_text_stands_below_its_chart() -> None:
    async with destination() as place:
        place.usual = Answer(body=SENT)
        assert await sent(place, message(picture=PICTURE), "-100999/12") == Delivered()
    (seen,) = place.seen
    assert seen.path == f"/bot{TOKEN}/sendPhoto"
    fields = _fields(parts_of(seen))
    by_description(fields, "sendPhoto")
    assert fields["photo"] == PNG
    assert "84 posts" in fields["caption"]
    assert fields["reply_parameters"]["message_id"] == 12


def _fields(parts: dict[str, bytes]) -> dict[str, Any]:
    return {name: value if name == "photo" else _decoded(value.decode()) for name, value in parts.items()}


async def test_a_long_text_is_answered_by_its_chart(caplog: pytest.LogCaptureFixture) -> None:
    long = Document("title", (Part("", ("x" * 400,) * 5),))
    async with destination() as place:
        place.usual = Answer(body=SENT)
        assert await sent(place, Message("k", long, picture=PICTURE)) == Delivered()
        place.answers = [Answer(body=SENT), Answer(400, body="{}")]
        assert await sent(place, Message("k", long, picture=PICTURE)) == Delivered(), "the text stands"
    text, photo, *_ = place.seen
    assert text.path.endswith("sendMessage")
    assert photo.path.endswith("sendPhoto")
    fields = _fields(parts_of(photo))
    by_description(fields, "sendPhoto")
    assert fields["reply_parameters"] == {"message_id": 7}
    assert fields["caption"] == PICTURE.alt
    assert [record.levelno for record in caplog.records if "chart" in record.message] == [logging.WARNING]


async def test_where_pictures_are_forbidden_a_short_text_stands_alone() -> None:
    no = Answer(400, body='{"ok":false,"description":"Bad Request: not enough rights to send photos to the chat"}')
    async with destination() as place:
        place.answers, place.usual = [no], Answer(body=SENT)
        assert await sent(place, message(picture=PICTURE)) == Delivered()
        place.answers = [Answer(429, body='{"parameters":{"retry_after":3}}')]
        assert isinstance(await sent(place, message(picture=PICTURE)), RetryLater)
    assert [seen.path.rpartition("/")[2] for seen in place.seen] == ["sendPhoto", "sendMessage", "sendPhoto"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.names.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@examples(text=st.text() | st.sampled_from([HOSTILE, "</b>", "&lt;", "<tg-spoiler>"]), most=st.integers(300, 4_096))
def test_the_html_is_whole_and_only_ours(text: str, most: int) -> None:
    document = Document(text[:20], (Part(text, (text,) * 3, (Quote(text, "https://e.example/" + text),) * 4),))
    parser = _Tags()
    parser.feed(draw(document, Html(), most, utf16))
    parser.close()
    assert not parser.open
    assert parser.names <= {"b", "blockquote", "a"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"token": "abc", "chat": 1}, "BotFather"),
        ({"token": TOKEN}, "chat"),
        ({"token": TOKEN, "chat": "my group"}, "chat"),
        ({"token": TOKEN, "chat": 1, "topic": 0}, "topic"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TelegramOptions.model_validate(wrong)
