"""The grammar of questions: what is understood, what is forgiven, and what is said when neither is possible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands.grammar import FORMS, Command, NotUnderstood, help_text, parse


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("pulse fairphone 7d", Command("pulse", "fairphone", "7d")),
        ("pulse fairphone", Command("pulse", "fairphone", None)),
        ("PULSE Fairphone 24H", Command("pulse", "Fairphone", "24h")),
        ("pulse 7d fairphone", Command("pulse", "fairphone", "7d")),
        ("pulse", Command("pulse")),
        ("  /pulse   fairphone ", Command("pulse", "fairphone")),
        ("!voice phones 2w", Command("voice", "phones", "2w")),
        ("voice 7d", Command("voice", None, "7d")),
        ("voice", Command("voice")),
        ("pulse Fair Phone 5 7d", Command("pulse", "Fair Phone 5", "7d")),
        ("pulso fairphone", Command("pulse", "fairphone")),
        ("fuentes", Command("sources")),
        ("estado", Command("status")),
        ("por qué fairphone", Command("why", "fairphone")),
        ("¿Por que fairphone", Command("why", "fairphone")),
        ("¿pulso fairphone", Command("pulse", "fairphone")),
        ("?", Command("help")),
        ("", Command("help")),
        ("   ", Command("help")),
        ("/", Command("help")),
    ],
)
def test_understood(question: str, expected: Command) -> None:
    assert parse(question) == expected


def test_words_of_a_command_line_mean_the_same_as_a_chat_line() -> None:
    assert parse(["pulse", "fairphone", "7d"]) == parse("pulse fairphone 7d")


@pytest.mark.parametrize(
    ("typed", "meant"), [("puls", "pulse"), ("pluse", "pulse"), ("vioce", "voice"), ("statsu", "status")]
)
def test_a_misspelt_command_is_taken_for_the_nearest_and_told(typed: str, meant: str) -> None:
    command = parse(typed)
    assert command.name == meant
    assert command.guessed == f"{typed} -> {meant}"


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("weather madrid", "none of the questions: pulse, voice"),
        ("pulse fairphone 7d 24h", "more than one window"),
        ("pulse fairphone 7x", "'7x' is no window; write a number and a unit"),
        ("sources now", "`sources` takes nothing after it"),
        ("status 24h", "`status` takes nothing after it"),
        ("pulse " + "x" * 500, "longer than 400 characters"),
    ],
)
def test_not_understood(question: str, part: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        parse(question)
    assert part in str(told.value)


@given(st.text(max_size=500))
def test_any_text_is_a_command_or_not_understood(question: str) -> None:
    try:
        command = parse(question)
    except NotUnderstood as error:
        assert str(error)
    else:
        assert command.name in {form.name for form in FORMS}


def test_help_names_every_question() -> None:
    assert all(form.usage in help_text() for form in FORMS)
