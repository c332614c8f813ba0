"""What a circle talks of: the words that its members use more than others do."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from streams.graph.stop_words import STOP_WORDS

SAID_BY: Final = 3  # members; a word of fewer might tell who said it
MOST: Final = 10  # words of a circle
LONGEST_TEXT: Final = 5_000  # characters that are read
_ASIDE: Final = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@[\w.@-]+", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+")
_SHORTEST, _LONGEST = 3, 30


class Word(msgspec.Struct, frozen=True):
    """`authors`: members of the circle who used it; `score`: class-based TF-IDF."""

    word: str
    authors: int
    score: float


def plain(text: str) -> str:
    """For comparing: case folded, letters without accents."""
    if text.isascii():
        return text.casefold()
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", text.casefold()) if not "\u0300" <= letter <= "\u036f"
    )
    return unicodedata.normalize("NFC", bare)


def words_in(text: str) -> dict[str, str]:
    """The words of a text, each once: as compared -> as written. No links, handles, numbers, nor stop words."""
    found: dict[str, str] = {}
    for word in _WORD.findall(_ASIDE.sub(" ", text[:LONGEST_TEXT])):
        if _SHORTEST <= len(word) <= _LONGEST and (key := plain(word)) not in STOP_WORDS:
            found.setdefault(key, word)
    return found


def telling(texts: Iterable[tuple[int, int, str]], silent: Collection[str] = ()) -> dict[int, list[Word]]:
    """The most telling words of each circle, from (circle, author, text); `silent` words, as compared, are left out.

    Class-based TF-IDF (Grootendorst 2022), with people in place of occurrences, so that nobody makes a circle's words
    by saying them often: n(w, c) / Σ_w n(w, c) · ln(1 + A / Σ_c n(w, c)), where n(w, c) members of c used the word w,
    and A is the mean of Σ_w n(w, c) over circles.
    """
    users, written = _users(texts, frozenset(silent))
    sums = {circle: sum(counts.values()) for circle, counts in users.items()}
    everywhere: Counter[str] = Counter()
    for counts in users.values():
        everywhere.update(counts)
    mean = sum(sums.values()) / len(sums) if sums else 0.0
    rarity = {word: math.log1p(mean / count) for word, count in everywhere.items()}
    return {
        circle: _best(counts, {word: n / sums[circle] * rarity[word] for word, n in counts.items()}, written)
        for circle, counts in users.items()
    }


def _users(
    texts: Iterable[tuple[int, int, str]], silent: frozenset[str]
) -> tuple[dict[int, Counter[str]], dict[str, Counter[str]]]:
    """(circle -> word -> how many members used it, word -> how it is written)."""
    said: dict[int, dict[int, set[str]]] = {}
    written: dict[str, Counter[str]] = {}
    for circle, author, text in texts:
        found = {word: form for word, form in words_in(text).items() if word not in silent}
        said.setdefault(circle, {}).setdefault(author, set()).update(found)
        for word, form in found.items():
            written.setdefault(word, Counter())[form.lower()] += 1
    users: dict[int, Counter[str]] = {}
    for circle, authors in said.items():
        users[circle] = Counter(word for words in authors.values() for word in words)
    return users, written


def _best(counts: Counter[str], score: Mapping[str, float], written: Mapping[str, Counter[str]]) -> list[Word]:
    """Those of enough people, the most telling first, in the spelling that is used most."""
    enough = [word for word, count in counts.items() if count >= SAID_BY]
    chosen = sorted(enough, key=lambda word: (-score[word], word))[:MOST]
    return [Word(_spelling(written[word]), counts[word], round(score[word], 6)) for word in chosen]


def _spelling(forms: Mapping[str, int]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))
