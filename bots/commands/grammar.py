"""One grammar for chat and command line: `pulse fairphone 7d` means the same in both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from config.units import parse_duration

_LONGEST = 400  # characters of a question; nobody types more, and nothing here needs more
_STARTS_LIKE_DURATION = re.compile(r"^\d+(\.\d+)?[a-z]{0,3}$", re.IGNORECASE)


class Form(msgspec.Struct, frozen=True):
    """One question: its name, how it is written, what it answers, and its other names."""

    name: str
    usage: str
    help: str
    aliases: tuple[str, ...] = ()
    subject: bool = False
    window: bool = False
    free: bool = False  # what follows is not looked at here
    changes: bool = False  # it orders something, which not everybody may


_ACK = ("visto", "vista", "enterado", "enterada", "acknowledge")
_HUSH = ("silencia", "silenciar", "silencio", "silences", "silencios")
_SILENCE = "silence WHAT [2h] [because …]"
FORMS = (
    Form("pulse", "pulse BRAND [WINDOW]", "posts, authors, sentiment and who talks with whom", ("pulso",), True, True),
    Form("voice", "voice [GROUP|BRAND] [WINDOW]", "share of voice among the brands of a group", ("voz",), True, True),
    Form("health", "health BRAND [WINDOW]", "how the community is, and what moved", ("salud",), True, True),
    Form("circles", "circles BRAND [WINDOW]", "who talks with whom, and of what", ("circulos", "círculos"), True, True),
    Form("why", "why [ALERT]", "what is behind an alert: its id, rule or brand", ("porque", "porqué"), free=True),
    Form(
        "ack",
        "ack ALERT [because …]",
        "I know: this alert is told no more until it is over",
        _ACK,
        free=True,
        changes=True,
    ),
    Form(
        "silence",
        _SILENCE,
        "keeps alerts from being told: a brand, rule, id or matchers",
        _HUSH,
        free=True,
        changes=True,
    ),
    Form("sources", "sources", "the networks: state, last event and gaps", ("fuentes", "source")),
    Form("status", "status", "whether the service is well, brand by brand", ("estado",)),
    Form("help", "help", "this list", ("ayuda", "?")),
)
_BY_WORD = {word: form for form in FORMS for word in (form.name, *form.aliases)}
NOT_YET = ("influencers", "influyentes", "funnel", "embudo", "message", "mensaje")
"""Words that are going to be questions: nobody who writes one is answered another."""


class NotUnderstood(ValueError):
    """A question that is none of ours; the text says what was expected."""


class Command(msgspec.Struct, frozen=True):
    """A question that was understood. `guessed` tells the reader what a misspelt word was taken for."""

    name: str
    subject: str | None = None
    window: str | None = None
    guessed: str | None = None


def parse(question: str | Sequence[str], also: Sequence[Form] = ()) -> Command:
    """`"pulse fairphone 7d"` -> `Command("pulse", "fairphone", "7d")`. Raises `NotUnderstood`.

    `also`: questions that only those can ask who are here, such as a room of a chat.
    """
    words = _words(question)
    if not words:
        return Command("help")
    form, guessed = _form(words[0], also)
    subject, window = _arguments(form, words[1:])
    return Command(form.name, subject, window, guessed)


def _words(question: str | Sequence[str]) -> list[str]:
    text = (question if isinstance(question, str) else " ".join(question)).strip().lstrip("¿¡")
    if len(text) > _LONGEST:
        raise NotUnderstood(f"the question is longer than {_LONGEST} characters")
    words = text.split()
    if words and words[0][0] in "/!":  # how chats mark a command
        words[0] = words[0][1:]
    if [word.casefold() for word in words[:2]] in (["por", "qué"], ["por", "que"]):
        words[:2] = ["porqué"]
    return [word for word in words if word]


def _form(word: str, also: Sequence[Form]) -> tuple[Form, str | None]:
    by_word = _BY_WORD | {each: form for form in also for each in (form.name, *form.aliases)}
    meant = nearest(word, also)
    if meant in by_word:
        form = by_word[meant]
        if meant == word.casefold():
            return form, None
        if form.changes:  # "back fairphone" is no "ack fairphone", and what "forgot" forgets is gone for good
            raise NotUnderstood(f"{word[:40]!r} is none of the questions. If {meant!r} is meant, please write it out.")
        return form, f"{word} -> {form.name}"
    if meant in NOT_YET:
        raise NotUnderstood(f"{meant!r} cannot be asked in this version of Tertulia yet")
    names = ", ".join(form.name for form in (*FORMS, *also))
    raise NotUnderstood(f"{word[:40]!r} is none of the questions: {names}. `help` explains them.")


def nearest(word: str, also: Sequence[Form] = ()) -> str | None:
    """The word that begins a question and that `word` is, or is meant to be."""
    wanted = word.casefold()
    words = [*_BY_WORD, *NOT_YET, *(each for form in also for each in (form.name, *form.aliases))]
    return next(iter([wanted] if wanted in words else get_close_matches(wanted, words, n=1, cutoff=0.7)), None)


def _arguments(form: Form, words: list[str]) -> tuple[str | None, str | None]:
    if form.free:
        return " ".join(words) or None, None
    window = next((word.lower() for word in words if is_window(word)), None) if form.window else None
    rest = [word for word in words if not (form.window and is_window(word))]
    if len(words) - len(rest) > 1:
        raise NotUnderstood(f"more than one window; it is written: {form.usage}")
    if rest and not form.subject:
        raise NotUnderstood(f"`{form.name}` takes nothing after it, but {' '.join(rest)[:60]!r} came")
    if len(rest) > 1 and _STARTS_LIKE_DURATION.match(rest[-1]) and not rest[-1].isdigit():
        raise NotUnderstood(f"{rest[-1]!r} is no window; write a number and a unit, such as 90s, 15m, 24h, 7d or 2w")
    return " ".join(rest) or None, window


def is_window(word: str) -> bool:
    """Whether a word is a duration such as `7d`."""
    try:
        parse_duration(word.lower())
    except ValueError:
        return False
    return True


def help_text() -> str:
    """All questions, one line each."""
    width = max(len(form.usage) for form in FORMS)
    lines = [f"{form.usage.ljust(width)}  {form.help}" for form in FORMS]
    note = "WINDOW is 15m, 24h (usual), 7d, 2w …; small typing errors are forgiven, but not in `ack` and `silence`."
    return "\n".join([*lines, "", note])
