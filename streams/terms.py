"""Which brands does a post name? Thousands of terms at once, by Aho-Corasick over folded text.

Case, accents and runs of white space do not matter (`Café  Ole` names `cafe ole`); a term counts only as whole words
(`applet` does not name `apple`); a word from a brand's `exclude` list silences all of its terms in that post.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from ahocorasick_rs import AhoCorasick, MatchKind

from config.schema import Brand
from streams.records import Post

OWN = "own account"
# The combining marks that decomposition splits from Latin, Greek, Cyrillic and Vietnamese letters, and enclosing ones.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "‐": "-", "‑": "-", "–": "-"})
_CJK = 0x2E80  # from here on scripts write no spaces between words: no word border is asked for

# One thing to find: the brand's index, the term as the config spells it, and whether it excludes.
_Target = tuple[int, str, bool]


def fold(text: str) -> str:
    """Lower case, without accents, straight quotes, single spaces."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold().translate(_QUOTES)))
    return _SPACES.sub(" ", text.lower())


class Terms:
    """The terms of all brands, compiled once. Immutable and thread-safe."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._brands = brands
        targets: dict[str, list[_Target]] = defaultdict(list)
        for index, brand in enumerate(brands):
            for pattern, target in _patterns(index, brand):
                targets[pattern].append(target)
        self._targets = list(targets.values())
        self._automaton = AhoCorasick(list(targets), matchkind=MatchKind.Standard)
        self._hashtags = _by_brand((_tag(tag), index) for index, brand in enumerate(brands) for tag in _tags(brand))
        self._accounts = _by_brand((account(h), i) for i, brand in enumerate(brands) for h in brand.handles)
        self._own = _by_brand((account(name), index) for index, brand in enumerate(brands) for name in brand.own)
        self._domains = _by_brand((domain.lower(), i) for i, brand in enumerate(brands) for domain in brand.domains)

    def named(self, post: Post) -> dict[str, tuple[str, ...]]:
        """The brands that the post names, each with the terms that did it, sorted."""
        found: dict[int, set[str]] = defaultdict(set)
        excluded = self._in_text(post.text, found)
        self._in_fields(post, found)
        return {
            self._brands[index].name: tuple(sorted(terms))
            for index, terms in sorted(found.items())
            if index not in excluded and _speaks(self._brands[index], post.lang)
        }

    def own(self, post: Post) -> frozenset[str]:
        """The brands whose own account wrote the post."""
        if post.author is None or not self._own:
            return frozenset()
        keys = (account(post.author.id), account(post.author.handle))
        return frozenset(self._brands[index].name for key in keys for index in self._own.get(key, ()))

    def _in_text(self, text: str, found: dict[int, set[str]]) -> set[int]:
        folded = fold(text)
        excluded: set[int] = set()
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if _whole_word(folded, start, end):
                for index, term, excludes in self._targets[pattern]:
                    if excludes:
                        excluded.add(index)
                    else:
                        found[index].add(term)
        return excluded

    def _in_fields(self, post: Post, found: dict[int, set[str]]) -> None:
        for tag in post.hashtags:
            for index in self._hashtags.get(_tag(tag), ()):
                found[index].add("#" + tag.lstrip("#"))
        for mention in post.mentions:
            for index in self._accounts.get(account(mention), ()):
                found[index].add("@" + mention.lstrip("@"))
        if self._domains:
            for link in post.links:
                for index in self._linked(link):
                    found[index].add(link)
        if post.author is not None and self._own:
            for key in (account(post.author.id), account(post.author.handle)):
                for index in self._own.get(key, ()):
                    found[index].add(OWN)

    def _linked(self, link: str) -> Iterable[int]:
        try:
            host = urlsplit(link).hostname or ""
        except ValueError:  # not a URL, as people and networks sometimes write them: it links nowhere
            return
        while host:
            yield from self._domains.get(host, ())
            host = host.partition(".")[2]


def account(name: str) -> str:
    """An account as it is compared: no @, no case."""
    return name.strip().lstrip("@").casefold()


def _patterns(index: int, brand: Brand) -> Iterable[tuple[str, _Target]]:
    for term in brand.terms:
        if fold(term).strip():
            yield fold(term).strip(), (index, term, False)
    for tag in brand.hashtags:
        yield "#" + _tag(tag), (index, "#" + tag.lstrip("#"), False)
    for handle in brand.handles:
        yield "@" + fold(handle.strip().lstrip("@")), (index, "@" + handle.lstrip("@"), False)
    for word in brand.exclude:
        if fold(word).strip():
            yield fold(word).strip(), (index, word, True)


def _tags(brand: Brand) -> Iterable[str]:
    """Its hashtags, and its terms as people write them in one word behind a #."""
    yield from brand.hashtags
    yield from brand.terms


def _tag(tag: str) -> str:
    return fold(tag.strip().lstrip("#")).replace(" ", "")


def _by_brand(pairs: Iterable[tuple[str, int]]) -> Mapping[str, tuple[int, ...]]:
    grouped: dict[str, tuple[int, ...]] = {}
    for key, index in pairs:
        if key and index not in grouped.get(key, ()):
            grouped[key] = (*grouped.get(key, ()), index)
    return grouped


def _whole_word(text: str, start: int, end: int) -> bool:
    return not (
        (start > 0 and _joins(text[start - 1], text[start])) or (end < len(text) and _joins(text[end - 1], text[end]))
    )


def _joins(left: str, right: str) -> bool:
    """Whether two neighbours belong to one word."""
    return _is_word(left) and _is_word(right) and ord(left) < _CJK and ord(right) < _CJK


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _speaks(brand: Brand, lang: str | None) -> bool:
    if not brand.languages or lang is None:
        return True
    return any(lang == wanted or lang.startswith(wanted + "-") for wanted in brand.languages)
