"""Which brands does a post name? Thousands of terms at once, by Aho-Corasick over folded text.

Case, accents and runs of white space do not matter (`Café  Ole` names `cafe ole`); a term counts only as whole words
(`applet` does not name `apple`); a word from a brand's `exclude` list silences all of its terms in that post.

Accounts, links and own authors name a brand for sure. A word or a hashtag may mean something else: an apple is also a
fruit (`streams.meaning` asks the classifier).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from ahocorasick_rs import AhoCorasick, MatchKind

from config.naming import fold
from config.schema import Brand
from streams.records import Post

OWN = "own account"
_CJK = 0x2E80  # from here on scripts write no spaces between words: no word border is asked for

_Role: TypeAlias = Literal["word", "account", "exclude"]
# One thing to find: the brand's index, the term as the config spells it, and what it says of the brand.
_Target = tuple[int, str, _Role]


class Naming(NamedTuple):
    """How a post names one brand: the terms that did it, sorted; `sure`: not by words and hashtags alone."""

    terms: tuple[str, ...]
    sure: bool


class _Found:
    """What was found in one post, by the brands' index."""

    def __init__(self) -> None:
        self.terms: dict[int, set[str]] = defaultdict(set)
        self.sure: set[int] = set()
        self.excluded: set[int] = set()

    def name(self, index: int, term: str, *, sure: bool) -> None:
        """The post names a brand by this term."""
        self.terms[index].add(term)
        if sure:
            self.sure.add(index)


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

    def find(self, post: Post) -> dict[str, Naming]:
        """The brands that the post names, and how."""
        found = _Found()
        self._in_text(post.text, found)
        self._in_fields(post, found)
        return {
            self._brands[index].name: Naming(tuple(sorted(terms)), index in found.sure)
            for index, terms in sorted(found.terms.items())
            if index not in found.excluded and _speaks(self._brands[index], post.lang)
        }

    def named(self, post: Post) -> dict[str, tuple[str, ...]]:
        """The brands that the post names, each with the terms that did it, sorted."""
        return {brand: naming.terms for brand, naming in self.find(post).items()}

    def own(self, post: Post) -> frozenset[str]:
        """The brands whose own account wrote the post."""
        return frozenset(self._brands[index].name for index in self._owning(post))

    def _in_text(self, text: str, found: _Found) -> None:
        folded = fold(text)
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if _whole_word(folded, start, end):
                for index, term, role in self._targets[pattern]:
                    if role == "exclude":
                        found.excluded.add(index)
                    else:
                        found.name(index, term, sure=role == "account")

    def _in_fields(self, post: Post, found: _Found) -> None:
        for tag in post.hashtags:
            for index in self._hashtags.get(_tag(tag), ()):
                found.name(index, "#" + tag.lstrip("#"), sure=False)
        for mention in post.mentions:
            for index in self._accounts.get(account(mention), ()):
                found.name(index, "@" + mention.lstrip("@"), sure=True)
        if self._domains:
            for link in post.links:
                for index in self._linked(link):
                    found.name(index, link, sure=True)
        for index in self._owning(post):
            found.name(index, OWN, sure=True)

    def _owning(self, post: Post) -> Iterable[int]:
        """The brands whose own account wrote the post; one may come twice."""
        if post.author is not None and self._own:
            for key in (account(post.author.id), account(post.author.handle)):
                yield from self._own.get(key, ())

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
        if fold(term):
            yield fold(term), (index, term, "word")
    for tag in brand.hashtags:
        yield "#" + _tag(tag), (index, "#" + tag.lstrip("#"), "word")
    for handle in brand.handles:
        yield "@" + fold(handle.strip().lstrip("@")), (index, "@" + handle.lstrip("@"), "account")
    for word in brand.exclude:
        if fold(word):
            yield fold(word), (index, word, "exclude")


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
