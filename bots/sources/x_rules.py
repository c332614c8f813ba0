"""Rules of X's filtered stream: made of the brands, cut to the length that is allowed, and kept in step with X.

Rules belong to the app, not to a connection. Ours carry a tag that begins with `tertulia`; others are left alone, and
posts that only they match are not ours. Source: docs.x.com/x-api/posts/filtered-stream/integrate/build-a-rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from bots.sources.base import Misconfigured
from bots.sources.x_api import StoredRule, XApi
from bots.sources.x_problems import Problem
from config.schema import Brand

TAG = "tertulia"
MOST_RULES = 1_000  # that X keeps for one app, unless it is an enterprise's
SEARCH_LENGTH = 512  # of a query of recent search
_USER = re.compile(r"[A-Za-z0-9_]{1,15}")
_WORD = re.compile(r"\w+")


class Rule(msgspec.Struct, frozen=True):
    """One rule and its tag."""

    value: str
    tag: str


def rules_of(brands: Sequence[Brand], by_hand: Sequence[str], longest: int) -> list[Rule]:
    """The rules that are to be at X. Raises `Misconfigured` for one that is too long."""
    for rule in by_hand:
        if len(rule) > longest:
            raise Misconfigured(f"sources.x.rules: {rule[:40]!r}… has {len(rule)} characters, rule_length is {longest}")
    if by_hand:
        return [Rule(rule, TAG) for rule in by_hand]
    made = [Rule(value, f"{TAG}:{brand.name}") for brand in brands for value in _packed(brand, longest)]
    return list({rule.value: rule for rule in made}.values())


def queries_of(brands: Sequence[Brand], by_hand: Sequence[str], longest: int) -> tuple[str, ...]:
    """The same as queries of recent search, which takes fewer characters; a longer rule by hand is left out."""
    if by_hand:
        return tuple(rule for rule in by_hand if len(rule) <= SEARCH_LENGTH)
    made = [value for brand in brands for value in _packed(brand, min(longest, SEARCH_LENGTH))]
    return tuple(dict.fromkeys(made))


def _packed(brand: Brand, longest: int) -> list[str]:
    """The clauses of a brand joined by OR, in as few rules as the length allows; excluded words in each."""
    without = ""
    for word in brand.exclude:
        more = f" -{_quoted(word)}"
        if _quoted(word) and len(without) + len(more) <= longest // 2:  # those left out are sorted out later
            without += more
    room = longest - len(without) - (2 if without else 0)
    packed: list[str] = []
    for clause in _clauses(brand):
        if len(clause) > room:
            raise Misconfigured(f"sources.x.rule_length: {clause[:40]!r}… of brand {brand.name} needs a longer rule")
        if packed and len(packed[-1]) + len(" OR ") + len(clause) <= room:
            packed[-1] += f" OR {clause}"
        else:
            packed.append(clause)
    return [f"({value}){without}" if without else value for value in packed]


def _clauses(brand: Brand) -> Iterable[str]:
    found = [_quoted(term) for term in brand.terms]
    found += [f"#{tag}" for name in (*brand.hashtags, *brand.terms) if (tag := _tag(name))]
    found += [f"@{user}" for name in brand.handles if (user := _user(name))]
    found += [f"from:{user}" for name in brand.own if (user := _user(name.removeprefix("x:")))]
    found += [f"url:{_quoted(domain)}" for domain in brand.domains]
    return dict.fromkeys(clause for clause in found if clause)


def _quoted(words: str) -> str:
    plain = " ".join(words.replace('"', " ").replace("\\", " ").split())
    return f'"{plain}"' if plain else ""


def _tag(name: str) -> str:
    """A hashtag as X knows them: letters, digits and underscores, and not digits alone."""
    tag = "".join(name.split()).lstrip("#")
    return tag if _WORD.fullmatch(tag) and not tag.isdigit() else ""


def _user(name: str) -> str:
    """An account's name on X; those of other networks have dots or servers in them."""
    plain = name.strip().lstrip("@")
    return plain if _USER.fullmatch(plain) else ""


async def synchronise(api: XApi, rules: Sequence[Rule]) -> frozenset[str]:
    """Add what is missing at X, then take away what is ours and no longer wanted. Returns the ids of the wanted rules.

    Raises `HttpError`, `Misconfigured`.
    """
    stored = await api.rules()
    wanted = {rule.value: rule for rule in rules}
    missing = [rule for value, rule in wanted.items() if value not in {known.value for known in stored}]
    stale = {known.id for known in stored if known.value not in wanted and known.tag.startswith(TAG)}
    if stale and len(stored) + len(missing) > MOST_RULES:  # no room for both
        await api.delete_rules(sorted(stale))
        stored, stale = [known for known in stored if known.id not in stale], set()
    added, problems = await api.add_rules([{"value": rule.value, "tag": rule.tag} for rule in missing])
    twins = _twins(problems)  # known to X in another spelling: not to be taken away
    stale -= twins
    if stale:
        await api.delete_rules(sorted(stale))
    return frozenset({known.id for known in (*stored, *added) if known.value in wanted} | twins)


def _twins(problems: Iterable[Problem]) -> set[str]:
    twins: set[str] = set()
    for problem in problems:
        if problem.kind == "rule-cap":
            raise Misconfigured(
                "sources.x.rules: X keeps no more rules for this app; take some away, or make them longer"
            )
        if problem.kind != "duplicate-rules":
            raise Misconfigured(f"sources.x.rules: X refuses {problem.value[:80]!r}: {problem.words}")
        twins.add(problem.id)
    return twins


def ours(matched: Iterable[StoredRule] | None, wanted: frozenset[str]) -> bool:
    """Whether a post came for one of our rules; X may leave out which."""
    matches = list(matched or ())
    return not matches or any(rule.id in wanted or rule.tag.startswith(TAG) for rule in matches)
