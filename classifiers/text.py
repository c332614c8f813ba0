"""The one form in which a model sees a text: the form it was trained on."""

from __future__ import annotations

import re
from typing import Final

import xxhash

MAX_CHARACTERS: Final = 2_000
"""Far more than the tokens a model reads; bounds the work that one pasted megabyte can cause."""

_LINK = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w+(?:[.-]\w+)*")
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


def key(cleaned: str) -> bytes:
    """16 bytes that stand for a cleaned text."""
    return xxhash.xxh3_128_digest(cleaned.encode())
