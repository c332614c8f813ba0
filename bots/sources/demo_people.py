"""The simulated community: who there is, which language they speak, and with whom they keep company."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random

import msgspec

from config.schema import Brand
from streams.records import Author

FOUNDERS = 300
ARRIVAL_S = 12 * 60  # one newcomer every twelve minutes
RECENT = 60  # the newest so many still count as newcomers when somebody is asked to speak
_FIRST = (
    *("Luna", "Mar", "Sol", "Río", "Nube", "Brisa", "Cielo", "Alba"),
    *("Robin", "Sky", "River", "Sunny", "Willow", "Ash", "Wren"),
)
_CIRCLES = (  # the first half speaks Spanish
    *("Café Azul", "La Plaza", "Rincón Verde", "Balcón", "La Ribera", "Patio Norte"),
    *("Corner Table", "Blue Bench", "The Porch", "Riverside", "Green Room", "North Yard"),
)


class Person(msgspec.Struct, frozen=True):
    """One simulated member."""

    author: Author
    lang: str
    circle: int

    @property
    def venue(self) -> str:
        """Where the person's circle meets."""
        return f"{_CIRCLES[self.circle]} (simulated)"


class Community:
    """Members by number: the founders, then whoever has arrived by a given time."""

    def __init__(self, seed: int, langs: Sequence[str]) -> None:
        self._seed, self._langs = seed, langs
        self.person = lru_cache(maxsize=5_000)(self._person)
        # Few speak much and many little (Zipf): the weight of the n-th member is 1 / n^0.75.
        weights = [(number, 1 / (number + 1) ** 0.75) for number in range(FOUNDERS)]
        self._loud = _urn(weights)
        self._circles = [
            _urn([item for item in weights if self.person(item[0]).circle == circle]) for circle in range(len(_CIRCLES))
        ]

    def anyone(self, rng: Random, at_s: float) -> Person:
        """Somebody speaks up: mostly the well-known, now and then one who has just arrived."""
        if rng.random() < 0.08:
            return self.person(FOUNDERS + int(at_s // ARRIVAL_S) - int(RECENT * rng.random() ** 2))
        return self.person(self._loud(rng))

    def friend(self, rng: Random, of: Person, at_s: float) -> Person:
        """Somebody who answers: mostly from the same circle, mostly somebody else."""
        for _ in range(8):
            found = self.anyone(rng, at_s) if rng.random() < 0.25 else self.person(self._circles[of.circle](rng))
            if found != of:
                return found
        return of

    def _person(self, number: int) -> Person:
        rng = Random(f"{self._seed}:person:{number}")
        lang = self._langs[number % len(self._langs)]
        half = len(_CIRCLES) // 2
        circle = rng.randrange(half) + (0 if lang == "es" else half)
        first = rng.choice(_FIRST)
        author = Author(
            id=f"demo:simulated-{number}",
            handle=f"{_plain(first)}{number}.simulated",
            name=f"{first} {number} (simulated)",
        )
        return Person(author, lang, circle)


def own_account(brand: Brand) -> Author:
    """The brand's simulated own account; it bears the first handle that the config lists as its own."""
    handle = next((name.lstrip("@") for name in brand.own if ":" not in name), f"{brand.name}.simulated")
    return Author(
        id=f"demo:simulated-own-{brand.name}", handle=handle, name=f"{brand.display} (simulated)", role="brand"
    )


def _urn(weights: Sequence[tuple[int, float]]) -> Callable[[Random], int]:
    """Draws members by their weight."""
    numbers, sums = [number for number, _ in weights], list(accumulate(weight for _, weight in weights))
    return lambda rng: rng.choices(numbers, cum_weights=sums)[0]


def _plain(name: str) -> str:
    return name.lower().replace("í", "i")
