"""Discord's side of the questions: the commands as it lists them, and what it tells of one that was given.

Source: docs.discord.com/developers/interactions/application-commands, …/receiving-and-responding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec

from bots.chat.listen.forms import all_forms
from bots.chat.listen.watching import KINDS, SEVERITIES
from bots.chat.listen.words import HELP_ES, SPANISH
from bots.commands.grammar import Form

TEXT: Final = 3  # a kind of option
SPANISH_LOCALES: Final = ("es-ES", "es-419")
MOST_HELP: Final = 100
MOST_CHOICE: Final = 100


class Kind(IntEnum):
    """Kinds of interactions."""

    COMMAND = 2
    AUTOCOMPLETE = 4


class Answer(IntEnum):
    """Kinds of first answers to one."""

    LATER = 5
    CHOICES = 8


class Option(msgspec.Struct):
    """Something that was filled in."""

    name: str
    value: str | int | float | bool | None = None
    focused: bool = False


class Data(msgspec.Struct):
    """The command."""

    name: str = ""
    options: list[Option] = []


class User(msgspec.Struct):
    """Somebody."""

    id: str
    username: str = ""


class Member(msgspec.Struct):
    """Somebody in a server."""

    user: User


class Interaction(msgspec.Struct):
    """What somebody did with a command."""

    id: str
    application_id: str
    token: str
    type: int
    data: Data | None = None
    channel_id: str = ""
    member: Member | None = None
    user: User | None = None
    locale: str = ""

    @property
    def who(self) -> User | None:
        """Who did it, in a server or in private."""
        return self.member.user if self.member is not None else self.user


class Blank(msgspec.Struct, frozen=True):
    """Something to be filled in. `completes`: `brand`, `alert` or `window`; `choices`: all there is to choose;
    `before` is put in front of what was filled in.
    """

    name: str
    help: str
    help_es: str
    completes: str = ""
    choices: Sequence[str] = ()
    before: str = ""


BRAND: Final = Blank("brand", "which brand", "qué marca", "brand")
WINDOW: Final = Blank("window", "how long: 24h, 7d …", "cuánto tiempo: 24h, 7d …", "window")
ALERT: Final = Blank("alert", "its id, rule or brand", "su id, regla o marca", "alert")
REASON: Final = Blank("reason", "why, for the others", "por qué, para los demás", before="because")
WHAT: Final = Blank("what", "a brand, rule, id or matchers; none: the list", "marca, regla, id o condiciones", "brand")
LENGTH: Final = Blank("length", "how long: 2h, 1d …", "cuánto tiempo: 2h, 1d …", "window", before="for")
KIND: Final = Blank("kind", "only this kind", "solo este tipo", choices=(*KINDS, *SEVERITIES))
OFF: Final = Blank("off", "no longer", "dejarlo", choices=("off",))
BLANKS: Final[Mapping[str, Sequence[Blank]]] = {
    "why": (ALERT,),
    "ack": (ALERT, REASON),
    "silence": (WHAT, LENGTH, REASON),
    "watch": (BRAND, KIND, OFF),
    "forget": (
        Blank("author", "the author's id", "el id del autor"),
        Blank("sure", "it is meant, and cannot be undone", "es lo que quiero, sin vuelta atrás", choices=("yes",)),
    ),
}
"""What questions take, beside a brand and a window."""


def blanks(form: Form) -> Sequence[Blank]:
    """What is to be filled in for a question."""
    if form.name in BLANKS:
        return BLANKS[form.name]
    return [blank for blank, there in ((BRAND, form.subject), (WINDOW, form.window)) if there]


def command(form: Form) -> dict[str, Any]:
    """A question as Discord registers it, with its Spanish name where it has one."""
    spanish = next((word for word in form.aliases if word in SPANISH), None)
    described = {"description": form.help[:MOST_HELP]}
    described |= _in_spanish("description", HELP_ES.get(form.name, form.help)[:MOST_HELP])
    named = {"name": form.name} | (_in_spanish("name", spanish) if spanish else {})
    return {**named, **described, "type": 1, "options": [_option(blank) for blank in blanks(form)]}


def _option(blank: Blank) -> dict[str, Any]:
    about = {"name": blank.name, "description": blank.help, "type": TEXT, "required": False}
    completed: dict[str, Any] = {"autocomplete": True} if blank.completes else {}
    if blank.choices:
        completed = {"choices": [{"name": each, "value": each} for each in blank.choices]}
    return about | completed | _in_spanish("description", blank.help_es)


def _in_spanish(what: str, text: str) -> dict[str, Any]:
    return {f"{what}_localizations": dict.fromkeys(SPANISH_LOCALES, text)}


def text_of(data: Data) -> str:
    """What was filled in as one line of words, in the order of the question's usage."""
    given = {option.name: str(option.value) for option in data.options if option.value not in (None, "")}
    words = [f"{blank.before} {given[blank.name]}".strip() for blank in _of(data.name) if blank.name in given]
    return " ".join([data.name, *words])


def completes(data: Data) -> tuple[str, str]:
    """What is being typed (`brand`, `alert`, `window`, or nothing that can be completed), and how far it is."""
    typed = next((option for option in data.options if option.focused), None)
    blank = next((each for each in _of(data.name) if typed is not None and each.name == typed.name), None)
    return (blank.completes, str(typed.value or "")) if blank is not None and typed is not None else ("", "")


def _of(name: str) -> Sequence[Blank]:
    form = next((each for each in all_forms() if each.name == name), None)
    return blanks(form) if form is not None else ()
