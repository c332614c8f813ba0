"""The small parts of the bot: who is let in, what is remembered, what is offered, how a sheet becomes a document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bots.chat.base import Tools
from bots.chat.document import Document, Part
from bots.chat.listen.base import Person, Question, key_of, moment
from bots.chat.listen.completion import MOST, Completion, Offer
from bots.chat.listen.document import of_sheet
from bots.chat.listen.door import Door
from bots.chat.listen.forms import all_forms, as_typed, is_order, lang_of
from bots.chat.listen.memory import KEPT, Memory
from bots.chat.listen.watching import KINDS
from bots.chat.listen.words import HELP_ES, SPANISH
from bots.chat.questions_options import Questions
from bots.chat.telegram import Telegram, TelegramOptions
from bots.chat.watched import Watched
from bots.chat.watches import Watch
from bots.commands.client import ApiClient
from bots.commands.grammar import parse
from bots.commands.sheet import Sheet
from tests.bots.chat.listen.service import ALERT, TOKEN, Service
from tests.streams.api.stub import NOW


def question(person: str, room: str, *, private: bool = False) -> Question:
    return Question("k", "help", room, Person(person), private=private)


@pytest.mark.parametrize(
    ("options", "person", "room", "private", "open_"),
    [
        ({}, "ana", "own", False, True),
        ({}, "ana", "other", False, False),
        ({}, "ana", "alone", True, False),
        ({"rooms": ["other"]}, "ana", "other", False, True),
        ({"rooms": ["other"]}, "ana", "own", False, False),
        ({"people": ["ana"]}, "ana", "own", False, True),
        ({"people": ["ana"]}, "eve", "own", False, False),
        ({"people": ["ana"]}, "ana", "other", False, False),
        ({"people": ["ana"]}, "ana", "alone", True, True),
        ({"people": ["ana"]}, "eve", "alone", True, False),
        ({"people": ["ana"], "manage": ["boss"]}, "boss", "own", False, True),
        ({"manage": ["boss"]}, "boss", "alone", True, True),
        ({"manage": ["boss"]}, "ana", "own", False, True),
    ],
)
def test_who_is_let_in(options: dict[str, list[str]], person: str, room: str, private: bool, open_: bool) -> None:
    given = Questions.model_validate({"enabled": True, **options})
    door = Door("slack", given, frozenset(given.rooms or ["own"]))
    assert door.lets_in(question(person, room, private=private)) is open_
    assert door.may_manage(Person(person)) is (person in options.get("manage", []))


def test_paces_are_those_of_each_person() -> None:
    door = Door("slack", Questions(enabled=True), frozenset({"own"}))
    paces = [door.pace("ana", float(second)) for second in range(30)]
    assert paces == ["fine"] * 20 + ["hasty"] + ["flood"] * 9
    assert door.pace("eve", 29.0) == "fine"
    assert door.pace("ana", 61.0) == "fine", "two of the twenty-one are more than a minute ago"


def test_what_was_taken_on_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "chat" / "questions.sqlite3"
    memory = Memory(path)
    assert memory.take("slack", "k", NOW)
    assert memory.mark("matrix") is None
    memory.set_mark("matrix", "s1")
    memory.close()
    memory = Memory(path)
    assert not memory.take("slack", "k", NOW)
    assert memory.take("discord", "k", NOW)
    assert memory.mark("matrix") == "s1"
    assert memory.take("slack", "k", NOW + KEPT + timedelta(seconds=1)), "it does not grow for ever"
    memory.close()


@pytest.fixture
async def completion(service: Service) -> AsyncIterator[Completion]:
    async with ApiClient(service.server.url, TOKEN) as client:
        yield Completion(client, lambda: 0.0)


async def test_what_is_offered(completion: Completion) -> None:
    fairphone = Offer("Fairphone", "fairphone")
    assert await completion.of("brand", "FAIR") == [fairphone]
    assert [offer.value for offer in await completion.of("brand", "")] == ["fairphone", "shiftphone", "tertulia"]
    assert [offer.value for offer in await completion.of("brand", "t")] == ["tertulia", "shiftphone"]
    assert await completion.of("alert", "usually") == [Offer(ALERT.title, ALERT.fingerprint)]
    assert await completion.of("nothing", "x") == []
    assert len(await completion.of("window", "")) <= MOST


async def test_while_the_service_is_away_nothing_is_offered_and_the_next_look_is_soon() -> None:
    clock = [0.0]
    async with ApiClient("http://127.0.0.1:9") as client:
        completion = Completion(client, lambda: clock[0])
        assert await completion.of("brand", "") == []
        assert not completion._known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("silence brand=“acme” —for 2h", 'silence brand="acme" --for 2h'),
        ("pulse acme 7d", "pulse acme 7d"),
        ("circulos", "circulos"),
        ("c\u0069\u0301rculos", "círculos"),
        ("A—B — c", "A—B — c"),
    ],
)
def test_what_telephones_make_prettier_is_read(typed: str, meant: str) -> None:
    assert as_typed(typed) == meant


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("silence acme 2h", True),
        ("silence end a1", True),
        ("silence list", False),
        ("silencios", False),
        ("ack acme", True),
        ("why acme", False),
        ("pulse acme", False),
    ],
)
def test_what_changes_something(text: str, order: bool) -> None:
    assert is_order(parse(text)) is order


def test_every_question_has_spanish_help_and_every_spanish_word_is_one() -> None:
    forms = all_forms()
    assert {form.name for form in forms} <= HELP_ES.keys()
    words = {word for form in forms for word in (form.name, *form.aliases)}
    assert words >= SPANISH - {"influyentes", "embudo", "mensaje"}
    assert lang_of("fuentes") == "es"
    assert lang_of("sources") == "en"
    assert lang_of("???") is None


def test_the_kinds_to_watch_are_those_of_the_rules() -> None:
    from typing import get_args

    from config.alert_rules import AnyRule

    union = get_args(AnyRule)[0]
    kinds = {rule.model_fields["kind"].annotation for rule in get_args(union)}
    assert {kind for literal in kinds for kind in get_args(literal)} == set(KINDS)


def test_a_sheet_becomes_lines_whose_cells_are_named() -> None:
    sheet = Sheet("Title", [("one", "1", ""), ("two", "2", "x")], ("", "count", "what"), ["a note\n\nof two lines"])
    lines = Part(lines=("one: count 1", "two: count 2 · what x"))
    assert of_sheet(sheet) == Document("Title", (lines, Part(lines=("a note", "of two lines"))))
    assert of_sheet(Sheet("", notes=["first", "second"])) == Document("first", (Part(lines=("second",)),))


def test_numbers_that_are_no_time() -> None:
    assert moment(NOW.timestamp()) == NOW
    assert [moment(number) for number in (float("nan"), float("inf"), 1e30, -1e30)] == [None] * 4


def test_rooms_that_may_no_longer_ask_are_told_nothing() -> None:
    tools = Tools(None, lambda: NOW)  # type: ignore[arg-type] # nothing is sent
    given = {"token": "1:x", "chat": "-100", "questions": {"enabled": True}}
    own = Telegram(TelegramOptions.model_validate(given), tools)
    named = Telegram(TelegramOptions.model_validate(given | {"questions": {"enabled": True, "rooms": [-200]}}), tools)
    off = Telegram(TelegramOptions.model_validate(given | {"questions": {"rooms": [-100]}}), tools)
    with pytest.raises(ValidationError, match="name the chats by their numbers"):
        TelegramOptions.model_validate(given | {"chat": "@acme"})
    boss = Telegram(TelegramOptions.model_validate(given | {"questions": {"enabled": True, "manage": [7]}}), tools)
    watches = [Watch("telegram", room, ('brand="acme"',), "x", NOW) for room in ("-100", "-200")]
    watches.append(Watch("telegram", "7", ('brand="acme"',), "telegram:7 (boss)", NOW, "7"))
    outlets = (own, named, off, boss)
    told = [[each.room for each in Watched(lambda: watches, {"telegram": outlet}).all()] for outlet in outlets]
    assert told == [["-100"], ["-200"], [], ["-100", "7"]]
    assert not Watched(lambda: watches, {}).all()


@given(st.text(), st.text())
def test_keys_are_fit_for_every_outlet(outlet: str, key: str) -> None:
    found = key_of(outlet, Question(key, "", "", Person("")))
    assert len(found) + len("-wait") <= 64
    assert found.replace("-", "").isalnum()
