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


FORMS = (
    Form("pulse", "pulse BRAND [WINDOW]", "posts, authors, sentiment and who talks with whom", ("pulso",), True, True),
    Form("voice", "voice [GROUP|BRAND] [WINDOW]", "share of voice among the brands of a group", ("voz",), True, True),
    Form("health", "health BRAND [WINDOW]", "how the community is, and what moved", ("salud",), True, True),
    Form("circles", "circles BRAND [WINDOW]", "who talks with whom, and of what", ("circulos", "círculos"), True, True),
    Form("sources", "sources", "the networks: state, last event and gaps", ("fuentes", "source")),
    Form("status", "status", "whether the service is well, brand by brand", ("estado",)),
    Form("help", "help", "this list", ("ayuda", "?")),
)
_BY_WORD = {word: form for form in FORMS for word in (form.name, *form.aliases)}


class NotUnderstood(ValueError):
    """A question that is none of ours; the text says what was expected."""


class Command(msgspec.Struct, frozen=True):
    """A question that was understood. `guessed` tells the reader what a misspelt word was taken for."""

    name: str
    subject: str | None = None
    window: str | None = None
    guessed: str | None = None


def parse(question: str | Sequence[str]) -> Command:
    """`"pulse fairphone 7d"` -> `Command("pulse", "fairphone", "7d")`. Raises `NotUnderstood`."""
    words = _words(question)
    if not words:
        return Command("help")
    form, guessed = _form(words[0])
    subject, window = _arguments(form, words[1:])
    return Command(form.name, subject, window, guessed)


def _words(question: str | Sequence[str]) -> list[str]:
    text = question if isinstance(question, str) else " ".join(question)
    if len(text) > _LONGEST:
        raise NotUnderstood(f"the question is longer than {_LONGEST} characters")
    words = text.split()
    if words and words[0][0] in "/!":  # how chats mark a command
        words[0] = words[0][1:]
    return [word for word in words if word]


def _form(word: str) -> tuple[Form, str | None]:
    wanted = word.casefold()
    if wanted in _BY_WORD:
        return _BY_WORD[wanted], None
    near = get_close_matches(wanted, _BY_WORD, n=1, cutoff=0.7)
    if not near:
        names = ", ".join(form.name for form in FORMS)
        raise NotUnderstood(f"{word[:40]!r} is none of the questions: {names}. `help` explains them.")
    return _BY_WORD[near[0]], f"{word} -> {_BY_WORD[near[0]].name}"


def _arguments(form: Form, words: list[str]) -> tuple[str | None, str | None]:
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
    except (ValueError, OverflowError):
        return False
    return True


def help_text() -> str:
    """All questions, one line each."""
    width = max(len(form.usage) for form in FORMS)
    lines = [f"{form.usage.ljust(width)}  {form.help}" for form in FORMS]
    return "\n".join([*lines, "", "WINDOW is 15m, 24h (usual), 7d, 2w …; small typing errors are forgiven."])
