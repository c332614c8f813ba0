"""Whom `tertulia classify` judges a text toward: brands of the configuration, or any name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from bots.settings import Failed
from config.schema import Brand


class Target(NamedTuple):
    """Whom the sentiment is toward."""

    name: str
    """As people write it, and as the model is told."""
    about: str = ""
    """One line on who that is; with it, relevance is judged."""


class Book:
    """Finds brands by their names."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self.all = tuple(Target(brand.display, brand.description) for brand in brands)
        self._known: dict[str, Target] = {}
        for brand, target in zip(brands, self.all, strict=True):
            self._known.setdefault(brand.display.casefold(), target)
        for brand, target in zip(brands, self.all, strict=True):
            self._known[brand.name] = target

    def find(self, name: str) -> Target:
        """The configured brand of that name or title, in any case, else a target of just that name."""
        return self._known.get(name.strip().casefold(), Target(name.strip()))

    def knows(self, name: str) -> bool:
        """Whether it is a brand of the configuration."""
        return name.strip().casefold() in self._known

    def like(self, name: str) -> str | None:
        """A configured brand that may have been meant by a name that is none."""
        close = get_close_matches(name.strip().casefold(), self._known, n=1, cutoff=0.8)
        return self._known[close[0]].name if close and not self.knows(name) else None


def chosen(book: Book, names: Sequence[str], about: str, *, every: bool) -> tuple[Target, ...]:
    """The targets of the command line, each once; none: the text as a whole. Raises `Failed`."""
    if not all(name.strip() for name in names):
        raise Failed("--brand needs a name", code=2)
    found = [book.find(name) for name in names]
    if about.strip():
        place = _described(book, names)
        found[place] = Target(found[place].name, about.strip())
    return distinct([*found, *(book.all if every else ())])


def _described(book: Book, names: Sequence[str]) -> int:
    """Which of the names `--about` speaks of: the only one, or the only one that the configuration does not know."""
    if not names:
        raise Failed("--about tells who a --brand is: give --brand NAME too", code=2)
    free = [place for place, name in enumerate(names) if not book.knows(name)]
    if len(names) == 1:
        return 0
    if len(free) == 1:
        return free[0]
    which = [names[place] for place in free] or names
    raise Failed(f"--about describes one brand, which may be {' or '.join(which)}: ask about one at a time", code=2)


def distinct(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each name once, in order; the first one's description counts."""
    first: dict[str, Target] = {}
    for target in targets:
        first.setdefault(target.name.casefold(), target)
    return tuple(first.values())
