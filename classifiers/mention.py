"""Where a text names its target: the tokens there are marked, so that the model need not search for them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, TypeAlias

Span: TypeAlias = tuple[int, int]

LEAST: Final = 4
"""Letters of a word that may stand for a name of several words: `Delta` for Delta Air Lines, but not `of`."""


def mentions(text: str, name: str) -> list[Span]:
    """Where `name` stands in `text`, as character positions (start, end), in any case and with or without accents.

    The whole name, its words perhaps written together (#deltaairlines); where it is nowhere, single words of it; where
    those are not either, the name as a part of a longer word (golzinho). Empty when nothing is found.
    """
    folded = _fold(text)
    for pattern in _patterns(name):
        if found := [match.span() for match in pattern.finditer(folded)]:
            return found
    return []


@lru_cache(maxsize=4_096)
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    words = [re.escape(word) for word in re.findall(r"\w+", _fold(name))]
    if not words:
        return ()
    whole = r"\W*".join(words)
    tries = [rf"(?<![^\W_]){whole}(?![^\W_])"]
    if long := [word for word in words if len(word) >= LEAST and len(words) > 1]:
        tries.append(rf"(?<![^\W_])(?:{'|'.join(long)})(?![^\W_])")
    return tuple(re.compile(each) for each in [*tries, whole])


def _fold(text: str) -> str:
    """Lower case without accents, character for character: positions stay as they are."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower()[0] for letter in text)
