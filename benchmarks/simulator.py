"""A community whose truth is known: people, circles, newcomers, a brand that posts and answers, a classifier that errs.

`simulate(regime, seed)` gives one window of it as the product sees it, in frames of the product's own. The same regime
with another seed is another sample of people and threads from the same population, so what is fixed is the population:
its parameters are the truth that an interval should hold (`simulated_truth.py`), not what happened in one sample.

What it does not have, and no interval here claims to hold: opinions that spread within threads or circles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.simulated_people import BRANDS, GROUNDS, LANGUAGES, People, Regime, people
from benchmarks.simulated_talk import BRAND, NOBODY, NONE, REPLY, REPOST, Talk, talk
from streams.records import SENTIMENTS, Author, Entry, Post
from streams.views.asked import Confusion
from streams.views.columns import Floats, Ints
from streams.views.frame import Frame
from streams.views.places import Places
from streams.views.window import Window

LENGTH: Final = timedelta(days=7)
START: Final = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW: Final = Window(START, START + LENGTH)
BEFORE: Final = 0.8  # posts a person writes in the window before
BOTH: Final = 0.15  # of people's threads about the first two brands, those whose first post names the next one too
ERRORS: Final[dict[str, Confusion]] = {
    "en": ((0.70, 0.19, 0.11), (0.12, 0.65, 0.23), (0.04, 0.20, 0.76)),
    "es": ((0.61, 0.26, 0.13), (0.21, 0.59, 0.20), (0.06, 0.22, 0.72)),
}
"""Per true class, how the classifier answers."""
NEXT_TOO: Final = "+"  # the text of a post that names the next brand of the group as well


@dataclass(frozen=True)
class Simulated:
    """One window. `frames`: of the brands of the group, the first of them with everything."""

    frames: tuple[Frame, ...]
    confusion: dict[str, Confusion]  # counts on a labelled sample, as the product ships them
    said: Ints  # judged posts of the first brand by true class, for the truth
    first_reply: Floats  # waits in seconds as they would be without an end of the window; inf: never
    first_by_brand: Floats  # of people's threads


def simulate(regime: Regime, seed: int) -> Simulated:
    """The same for the same regime and seed."""
    dice = np.random.Generator(np.random.PCG64((seed, sum(regime.name.encode()))))
    crowd = people(regime, dice)
    here = crowd.activity * crowd.present
    voice = np.asarray(regime.voice)
    frames = tuple(Frame((own(brand),), Places((own(brand), "home"), (), ("hub",))) for brand in range(BRANDS))
    teller = Teller(crowd, seed, dice)
    said, waits = np.zeros(len(SENTIMENTS), dtype=np.int64), (np.zeros(0), np.zeros(0))
    for brand, frame in enumerate(frames):
        about = talk(_scaled(regime, brand), crowd, here * crowd.voice[:, brand] / voice[0], dice)
        entries = list(teller.entries(about, brand))
        frame.add_many(entries)
        if brand + 1 < BRANDS:
            frames[brand + 1].add_many(e for e in entries if e.post.kind == "post" and e.post.text == NEXT_TOO)
        if brand == 0:
            said, waits = teller.said.copy(), _waits(about)
            frame.add_many(teller.before())
    return Simulated(frames, _measured(regime, dice), said, *waits)


def own(brand: int) -> str:
    """The account of a brand of the group."""
    return f"sim:brand{brand}"


def _scaled(regime: Regime, brand: int) -> Regime:
    """The other brands post as much as they are spoken of."""
    share = regime.voice[brand] / regime.voice[0]
    return replace(regime, brand_threads=regime.brand_threads * min(share, 1.0), scale=share)


def _waits(about: Talk) -> tuple[Floats, Floats]:
    seconds = LENGTH.total_seconds()
    return about.first_reply * seconds, about.first_by_brand[about.begun_by != BRAND] * seconds


def _measured(regime: Regime, dice: np.random.Generator) -> dict[str, Confusion]:
    """The classifier's errors as counted on so many labelled posts of each class."""
    return {
        lang: tuple(tuple(int(n) for n in dice.multinomial(regime.labelled, row)) for row in rows)
        for lang, rows in ERRORS.items()
    }


class Teller:
    """Makes entries of a talk: ids, times, places, and what the classifier thinks of each post."""

    def __init__(self, crowd: People, seed: int, dice: np.random.Generator) -> None:
        self._crowd, self._seed, self._dice = crowd, seed, dice
        self._authors = [Author(id=f"sim:{seed}/{n}", handle=f"h{n}") for n in range(len(crowd.activity))]
        self._opinions = np.cumsum(crowd.opinions, axis=1)
        self._errors = np.cumsum([ERRORS[lang] for lang in LANGUAGES], axis=2)
        self.said = np.zeros(len(SENTIMENTS), dtype=np.int64)

    def entries(self, about: Talk, brand: int, back: int = 0) -> Iterator[Entry]:
        """Of what was said about one brand; `back`: so many windows earlier."""
        seed = f"{self._seed}/{-back}" if back else f"{self._seed}"
        named = f"sim:{seed}/{brand}"
        answers, places, dice = self._judge(about), self._places(about), self._dice
        both = (dice.random(len(about.at)) < BOTH) & (about.author != BRAND)
        writers = [self._writer(author, brand) for author in about.author.tolist()]
        quoted = {n: self._writer(author, brand).id for n, author in _quotes(about)}
        columns = (about.author, about.kind, about.at, about.parent, about.root, answers, places, both)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for n, (author, kind, at, parent, root, answer, place, too) in enumerate(rows):
            relation = {} if parent == NONE else _relation(kind, f"{named}/{parent}", writers[parent].id)
            if n in quoted:
                relation = {"quote_of": f"sim:{seed}/older/{n}", "quote_of_author": quoted[n]}
            post = Post(
                id=f"{named}/{n}",
                platform="sim",
                author=writers[n],
                text=NEXT_TOO if too else "-",
                created_at=(time := START + (at - back) * LENGTH),
                lang=None if author == BRAND else LANGUAGES[self._crowd.language[author]],
                thread=f"{named}/{root}" if kind == REPLY else None,
                venue=GROUNDS[place],
                **relation,  # type: ignore[arg-type]  # ids of posts and authors
            )
            yield Entry("b", post, "name", time, sentiment=_name(answer))

    def _writer(self, author: int, brand: int) -> Author:
        return Author(id=own(brand), handle="brand") if author == BRAND else self._authors[author]

    def _places(self, about: Talk) -> Ints:
        """The ground of each post, which is its thread's: as who began it likes, the brand's its own."""
        bounds = np.cumsum(self._crowd.grounds, axis=1)
        drawn = np.where(about.author == BRAND, 0, _drawn(bounds[about.author], self._dice))
        places: Ints = drawn[about.root]
        return places

    def before(self) -> Iterator[Entry]:
        """What was said in the window before, by those who were there."""
        counts = self._dice.poisson(BEFORE * self._crowd.activity * self._crowd.before)
        people = np.repeat(np.arange(len(counts)), counts).tolist()
        for n, (author, at) in enumerate(zip(people, self._dice.random(len(people)).tolist(), strict=True)):
            time = START - (1 - at) * LENGTH
            post = Post(f"sim:{self._seed}/before/{n}", "create", "sim", self._authors[author], "-", time)
            yield Entry("b", post, "name", time)

    def _judge(self, about: Talk) -> Ints:
        """The classifier's answer to each post; -1 where none is due."""
        dice, author = self._dice, about.author
        due = (author != BRAND) & (about.kind != REPOST)
        true = _drawn(self._opinions[author], dice)
        self.said = np.bincount(true[due], minlength=len(SENTIMENTS))
        answers = _drawn(self._errors[self._crowd.language[author], true], dice)
        return np.where(due, answers, -1)


def _drawn(bounds: Floats, dice: np.random.Generator) -> Ints:
    """One class per row of cumulated shares."""
    found: Ints = np.minimum((dice.random((len(bounds), 1)) > bounds).sum(axis=1), bounds.shape[1] - 1)
    return found


def _relation(kind: int, target: str, author: str) -> dict[str, str]:
    name = {REPLY: "reply_to", REPOST: "repost_of"}[kind]
    return {name: target, f"{name}_author": author}


def _quotes(about: Talk) -> list[tuple[int, int]]:
    """Of the posts that quote: their number, which is that of their thread, and whom."""
    at = np.flatnonzero(about.quoted != NOBODY)
    return list(zip(at.tolist(), about.quoted[at].tolist(), strict=True))


def _name(answer: int) -> str | None:
    return None if answer < 0 else SENTIMENTS[answer]
