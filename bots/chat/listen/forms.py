"""The questions of a chat: those of the command line, and those that only a room can ask."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bots.chat.document import Document, Part
from bots.chat.listen.words import HELP_ES, SPANISH, say
from bots.commands.grammar import FORMS, Command, Form, nearest
from bots.commands.silence_words import understand
from config.language import Lang

IN_CHATS: Final = (
    Form(
        "watch",
        "watch [BRAND [KIND]] [off]",
        "tell this room of a brand's alerts, or no longer; alone: what it is told of",
        ("vigila", "vigilar", "sigue", "seguir"),
        free=True,
        changes=True,
    ),
    Form("digest", "digest [BRAND] [WINDOW]", "what stood out, in short", ("resumen",), subject=True, window=True),
    Form(
        "forget",
        "forget AUTHOR",
        "remove all posts of an author for good",
        ("olvida", "olvidar"),
        free=True,
        changes=True,
    ),
)


def all_forms() -> tuple[Form, ...]:
    """Every question that can be asked in a chat, `help` last."""
    return (*(form for form in FORMS if form.name != "help"), *IN_CHATS, *(f for f in FORMS if f.name == "help"))


_STRAIGHT: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'", "\u00a0": " "})
_DASHES: Final = re.compile(r"(?<!\S)[—–](?=\w)")


def as_typed(text: str) -> str:
    """The letters that were meant: telephones and chats turn quotation marks and `--` into prettier ones."""
    return _DASHES.sub("--", unicodedata.normalize("NFC", text).translate(_STRAIGHT))


def is_word(word: str) -> bool:
    """Whether a question begins with it, to the letter."""
    return any(word.casefold() in (form.name, *form.aliases) for form in all_forms())


def is_order(command: Command) -> bool:
    """Whether it changes something, which needs `questions.manage`; a list of what there is changes nothing."""
    if command.name == "watch":
        return command.subject is not None
    if command.name == "silence":
        return not understand(command.subject).listing
    return next(form for form in all_forms() if form.name == command.name).changes


def lang_of(text: str) -> Lang | None:
    """The language of the word that the question begins with; None: it is none of ours."""
    words = text.split()
    word = nearest(words[0].lstrip("/!"), IN_CHATS) if words else None
    if word is None:
        return None
    return "es" if word in SPANISH else "en"


def help_document(lang: Lang) -> Document:
    """Every question and what it answers."""
    lines = [
        f"{form.usage} — {HELP_ES.get(form.name, form.help) if lang == 'es' else form.help}" for form in all_forms()
    ]
    return Document(say("questions", lang), (Part(lines=tuple(lines)), Part(lines=(say("window", lang),))))
