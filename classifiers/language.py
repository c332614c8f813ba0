"""Which of the served languages a post is written in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES: Final = ("de", "en", "es", "fr", "it", "pt")
"""ISO 639-1 codes of the languages the shipped model serves."""

MIN_LETTERS: Final = 12
"""Shorter texts ("ok", "jaja") carry too little evidence for any detector."""
MIN_PROBABILITY: Final = 0.8
MAX_CHARACTERS: Final = 1_000
"""Enough evidence; keeps a pasted novel from holding up its neighbours."""

_NOISE = re.compile(r"https?://\S+|\bhttp\b|[@#]\w+")


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


def detect(text: str) -> str | None:
    """ISO 639-1 code of `text`, or None when it is too short, or none of `LANGUAGES` stands out.

    Links, handles and hashtags are left out: they say little about the language around them.
    """
    words = _NOISE.sub(" ", text[:MAX_CHARACTERS])
    if sum(character.isalpha() for character in words) < MIN_LETTERS:
        return None
    language, probability = _identifier().classify(words)
    return str(language) if probability >= MIN_PROBABILITY else None
