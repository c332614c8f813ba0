"""The one form in which a model sees a text: the form it was trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import xxhash
from tokenizers import Tokenizer

from classifiers.mention import mentions

MAX_CHARACTERS: Final = 2_000
"""Far more than the tokens a model reads; bounds the work that one pasted megabyte can cause."""

MAX_ABOUT: Final = 160
MAX_TARGET: Final = 32
"""Tokens of a target that are read."""
TARGET: Final = 1
MENTION: Final = 2

_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w+(?:[.-]\w+)*")
_DESCRIBED = ": "
_BLANK = re.compile(r"\s+")
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, and halves of surrogate pairs, which cannot be written as UTF-8."""


def clean(text: str) -> str:
    """`text` as the model reads it: links as `http`, handles as `@user`, single spaces, no unusable characters.

    Who is named or where a link leads is no opinion, so posts that differ only there share one answer.
    """
    text = _UNUSABLE.sub(" ", text[:MAX_CHARACTERS])
    text = _HANDLE.sub("@user", _LINK.sub("http", text))
    return _BLANK.sub(" ", text).strip()


def says_something(cleaned: str) -> bool:
    """Whether anything stands in a cleaned text beside links and handles."""
    return any(word not in ("http", "@user") for word in cleaned.split())


def target(name: str, about: str = "") -> str:
    """What an opinion is about, as the model reads it before the text: the name, and a line that tells who that is."""
    name, about = clean(name), clean(about)[:MAX_ABOUT]
    return f"{name}{_DESCRIBED}{about}" if about else name


def key(cleaned: str, about: str | None = None, *, described: bool = False) -> bytes:
    """16 bytes that stand for a cleaned text, its target, and whether the target is described."""
    return xxhash.xxh3_128_digest(f"{about or ''}\0{described:d}{cleaned}".encode())


class Pair(NamedTuple):
    """A target and a text in one row of tokens: `<s> target </s> text </s>`, or `<s> text </s>` without a target."""

    ids: list[int]
    kinds: list[int]
    """`TARGET` for the target's tokens and the `</s>` behind them, `MENTION` where the text names it, else 0."""
    cut: bool
    """Whether the text was longer than the model reads."""


def pair(tokenizer: Tokenizer, text: str, about: str | None, limit: int) -> Pair:
    """At most `limit` tokens: the target's first `MAX_TARGET`, and the head of the text."""
    encoded = tokenizer.encode(text)
    start, *words, end = encoded.ids
    named = [*tokenizer.encode(about).ids[1:-1][:MAX_TARGET], end] if about else []
    room = limit - 2 - len(named)
    ids = [start, *named, *words[:room], end]
    said = _marked(text, about, encoded.offsets[1:-1][:room]) if about else [0] * len(words[:room])
    return Pair(ids, [0, *[TARGET] * len(named), *said, 0], len(words) > room)


def _marked(text: str, about: str, places: Sequence[tuple[int, int]]) -> list[int]:
    """The kind of each token of the text, by the characters that it stands for."""
    spans = mentions(text, about.partition(_DESCRIBED)[0])
    return [MENTION if any(a < end and start < b for a, b in spans) else 0 for start, end in places]
