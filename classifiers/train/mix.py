"""What is trained on, in which order and how often: the recipe."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from classifiers.text import target
from classifiers.train.data import Example, fold


@dataclass(frozen=True)
class Phase:
    """`often`: how many times each set is passed over; 0.5 takes every second example."""

    name: str
    often: dict[str, float]
    rate_from: float
    """Learning rate at the start (after the warm-up, if any) and at the end; linear between."""
    rate_to: float
    warm_up: float = 0.0
    """Share of the steps over which the rate rises from 0."""
    relevance: float = 0.7
    """What the loss of the relevance weighs against the sentiment's."""
    frozen: int = 0
    """So many of the lowest layers, and the words, stay as they are: a third of the time is saved."""


PHASES: Final = (
    Phase(
        "opinions",
        {
            "en_semeval2017": 1, "de_umsab": 3, "en_umsab": 2, "es_umsab": 3, "fr_umsab": 3, "it_umsab": 3,
            "pt_umsab": 3, "en_semeval_topics": 0.8, "en_tweets": 1, "en_laptops": 1, "en_restaurants": 1,
        },
        7e-5, 7e-5, 0.05,
    ),
    Phase(
        "opinions again",
        {
            "en_semeval2017": 0.7, "de_umsab": 2, "en_umsab": 2, "es_umsab": 2, "fr_umsab": 2, "it_umsab": 2,
            "pt_umsab": 2, "en_semeval_topics": 0.3, "en_tweets": 1, "en_laptops": 0.5, "en_restaurants": 0.5,
        },
        7e-5, 5e-5,
    ),
    Phase(
        "everything",
        {
            "en_semeval2017": 0.3, "de_umsab": 1.5, "en_umsab": 1.5, "es_umsab": 1.5, "fr_umsab": 1.5, "it_umsab": 1.5,
            "pt_umsab": 1.5, "en_semeval_topics": 0.2, "en_tweets": 0.7, "en_laptops": 0.3, "en_restaurants": 0.3,
            "stage": 5, "relevance": 5,
        },
        5e-5, 0.0,
    ),
    # Whether a name is meant is the last to be learnt: after the phases before, it was hardly better than chance.
    Phase(
        "who is meant",
        {
            "en_semeval2017": 0.08, "de_umsab": 0.6, "en_umsab": 0.6, "es_umsab": 0.6, "fr_umsab": 0.6, "it_umsab": 0.6,
            "pt_umsab": 0.6, "en_semeval_topics": 0.06, "en_tweets": 0.3,
            "stage": 2, "relevance": 6.5,
        },
        1e-4, 0.0, 0.05, 2.0,
    ),
    # Everything once more, with what was written since, the other languages before English. `en_umsab` is left out: all
    # that could be kept of it are negative posts.
    Phase(
        "all at once",
        {
            "en_semeval2017": 0.15, "de_umsab": 2, "es_umsab": 2, "fr_umsab": 2, "it_umsab": 2, "pt_umsab": 2,
            "en_semeval_topics": 0.4, "en_tweets": 1, "en_laptops": 0.4, "en_restaurants": 0.4,
            "feeling": 3, "stage": 3.5, "relevance": 5,
        },
        8e-5, 0.0, 0.04, 1.5, 4,
    ),
    # Where a text names its target has been marked since this phase.
    Phase(
        "named",
        {
            "en_semeval2017": 0.25, "de_umsab": 1, "es_umsab": 1, "fr_umsab": 1, "it_umsab": 1, "pt_umsab": 1,
            "en_semeval_topics": 0.8, "en_tweets": 1, "en_laptops": 0.5, "en_restaurants": 0.5,
        },
        8e-5, 6e-5, 0.04,
    ),
    # Everything with marks, and with the posts on relevance that authors `f` wrote.
    Phase(
        "all at once, marked",
        {
            "en_semeval2017": 0.2, "de_umsab": 1.5, "es_umsab": 1.5, "fr_umsab": 1.5, "it_umsab": 1.5, "pt_umsab": 1.5,
            "en_semeval_topics": 0.6, "en_tweets": 1, "en_laptops": 0.4, "en_restaurants": 0.4,
            "feeling": 2, "stage": 2.5, "relevance": 4,
        },
        7e-5, 0.0, 0.04, 1.5,
    ),
)  # fmt: skip
FROM_RELEASE: Final = 5
"""The phase that follows when training goes on from `tertulia-small/2`, which has been through those before."""

NAMED: Final = 0.3
"""Share of the UMSAB posts whose target is a name that stands in them. Only English posts with labelled targets can be
had, and what a whole tweet feels is mostly what it feels about whom it names."""
WITH_ABOUT: Final = 0.5
"""Share of the stage posts whose target carries the description, as some users' brands have one and some have none."""
LOWERED: Final = 0.15
"""Share of the relevance posts in lower case alone: a capital letter says less about whom people mean than writers
think."""
Abouts: TypeAlias = Sequence[tuple[str, str]]
"""Names of brands, folded, and how they are described."""
_NAME = re.compile(r"#(\w{3,})|(?<=[\w,] )([A-ZÀ-Ý]\w{2,})")
SWAPPED: Final = 0.25
"""Share of the posts that mean their brand and are told another brand's description instead: not meant."""
STAGE_SWAPPED: Final = 0.4
"""The same for stage posts with a description, which then teach relevance alone."""


def examples(phase: Phase, everything: Sequence[Example], seed: int) -> list[Example]:
    """The training examples of a phase, repeated as it says; the same for the same seed."""
    chance = random.Random(seed)
    training = [e for e in everything if e.split == "train"]
    abouts = sorted({(fold(e.target), e.about) for e in training if e.about and e.target})
    chosen: list[Example] = []
    for source, often in phase.often.items():
        rows = [e for e in training if e.source == source]
        for turn in range(int(often) + 1):
            share = min(1.0, often - turn)
            chosen += [_dressed(e, abouts, chance) for e in chance.sample(rows, round(share * len(rows)))]
    return chosen


def _dressed(example: Example, abouts: Abouts, chance: random.Random) -> Example:
    """With the description or without, or with a wrong one; a tweet perhaps with a name as its target."""
    if example.source.endswith("_umsab") and chance.random() < NAMED:
        return replace(example, target=_name_in(example.text, chance))
    if not example.about or example.target is None:
        return example
    if example.relevant is None:
        return _staged(example, abouts, chance) if chance.random() < WITH_ABOUT else example
    text = example.text.lower() if chance.random() < LOWERED else example.text
    if example.relevant and chance.random() < SWAPPED:
        wrong = target(example.target, _wrong(example, abouts, chance))
        return replace(example, text=text, target=wrong, relevant=False)
    return replace(example, text=text, target=target(example.target, example.about))


def _staged(example: Example, abouts: Abouts, chance: random.Random) -> Example:
    """A stage post with a description. Where it names its brand, it tells also what being meant looks like."""
    assert example.target is not None
    described = replace(example, target=target(example.target, example.about))
    if fold(example.target) not in fold(example.text):
        return described
    if chance.random() >= STAGE_SWAPPED:
        return replace(described, relevant=True)
    wrong = target(example.target, _wrong(example, abouts, chance))
    return replace(example, target=wrong, relevant=False, sentiment=None, stages=None)


def _wrong(example: Example, abouts: Abouts, chance: random.Random) -> str:
    """How another brand is described: one of the same name may be the same one, told by another author."""
    name = fold(example.target or "")
    return chance.choice([about for other, about in abouts if other != name and about != example.about])


def _name_in(text: str, chance: random.Random) -> str | None:
    """A hashtag, or a capitalised word that does not open a sentence."""
    found = [tag or word for tag, word in _NAME.findall(text)]
    return target(chance.choice(found)) if found else None
