"""What is wrong with a configuration: every problem with its place, its key and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Key = tuple[str | int, ...]
"""The way to a setting: `("brands", 0, "terms")`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was given: a file and its line, a variable of the environment or an option of the command line.

    `rank` orders places: later layers of the configuration come later.
    """

    where: str
    line: int | None = None
    rank: int = 0

    @property
    def from_environment(self) -> bool:
        """Whether it is a variable of the environment."""
        return self.where.startswith("TERTULIA_")

    def __str__(self) -> str:
        return self.where if self.line is None else f"{self.where}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake (`error`), or something that is probably not meant (`warning`)."""

    place: Place
    key: Key
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        key = f"{spell(self.key)}: " if self.key else ""
        return f"{self.place}: {key}{'warning: ' if self.severity == 'warning' else ''}{self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says all that is wrong with it, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(in_order(problems))
        super().__init__("\n".join(map(str, self.problems)))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place: file by file, line by line; what has no line comes first."""
    return sorted(problems, key=lambda problem: (problem.place.rank, problem.place.where, problem.place.line or 0))


def spell(key: Key) -> str:
    """`("brands", 0, "terms")` -> `brands[0].terms`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean `x`?` when one of `known` is close to `word`, else nothing."""
    found = closest(word, known)
    return f"; did you mean `{found}`?" if found else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `word` was probably meant to be."""
    spelled = {name.casefold().replace("-", "_"): name for name in known}
    found = difflib.get_close_matches(word.casefold().replace("-", "_"), spelled, n=1, cutoff=0.6)
    return spelled[found[0]] if found else None
