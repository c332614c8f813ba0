"""Two windows of one community, one after the other: what moved in truth, and what the product says of it.

The people of a window stay with the chance that the regime says, others come. Who stays is the same person, and threads
are answered in the next window too, so the two windows hang together as real ones do. A third one goes before them, by
which one can tell who stayed. A community is the same throughout (`as before`), or the last window is livelier: more
come and more of them stay, each begins more threads, these draw more answers, and the brand begins twice as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.simulated_people import Regime, drawn
from benchmarks.simulated_talk import talk
from benchmarks.simulated_truth import Pool, Seen, of_trees, seen
from benchmarks.simulator import LENGTH, START, WINDOW, Teller, own
from config.schema import Views
from streams.records import Author, Entry, Post
from streams.views.asked import Asked
from streams.views.base import VIEWS
from streams.views.columns import Bools, Floats
from streams.views.components import BY_NAME
from streams.views.frame import Frame
from streams.views.health import health
from streams.views.places import Places
from streams.views.renewal import people_of
from streams.views.rows import Rows

GROWTH: Final = 1.4  # of newcomers, threads and answers
BRAND_MORE: Final = 2.0
STAY_MORE: Final = 1.3
CHANGES: Final = ("as before", "livelier")


@dataclass(frozen=True)
class Two:
    """Both windows in one frame; waits in seconds as they would be without an end of a window."""

    frame: Frame
    waits: tuple[Floats, Floats]  # before, now


def livelier(regime: Regime) -> Regime:
    """The same people, who do more."""
    return replace(
        regime,
        starts=GROWTH * regime.starts,
        replies=GROWTH * regime.replies,
        brand_threads=BRAND_MORE * regime.brand_threads,
        stays=min(0.95, STAY_MORE * regime.stays),
    )


def two(regime: Regime, change: str, seed: int) -> Two:
    """The same for the same regime, change and seed."""
    dice = np.random.Generator(np.random.PCG64((seed, sum(regime.name.encode()), CHANGES.index(change), 2)))
    then, now = regime, livelier(regime) if change == "livelier" else regime
    windows = there(then, now, dice)
    crowd = drawn(then, windows[-1], windows[-2], dice)
    weight = crowd.activity * crowd.voice[:, 0] / regime.voice[0]
    frame, teller = Frame((own(0),), Places((own(0), "home"), (), ("hub",))), Teller(crowd, seed, dice)
    waits = []
    for back, present in zip((2, 1, 0), windows, strict=True):
        about = talk(then if back else now, crowd, weight * present, dice, until=min(back + 1.0, 2.0))
        frame.add_many(teller.entries(about, 0, back))
        waits.append(about.first_reply * LENGTH.total_seconds())
    time = START - 2.01 * LENGTH  # so that the third window is wholly in the ledger
    frame.add(Entry("b", Post(f"sim:{seed}/ago", "create", "sim", Author(own(0)), "-", time), "name", time))
    return Two(frame, (waits[1], waits[2]))


def there(then: Regime, now: Regime, dice: np.random.Generator) -> tuple[Bools, Bools, Bools]:
    """Who is there in each of the three windows; as many come as go, unless it gets livelier."""
    more = 1.0 if now is then else GROWTH
    counts = dice.poisson([then.people, then.people * (1 - then.stays), more * then.people * (1 - then.stays)])
    came = np.repeat([0, 1, 2], counts)
    stay: Floats = dice.random((2, len(came)))
    earlier: Bools = came == 0
    before: Bools = (came == 1) | (earlier & (stay[0] < then.stays))
    here: Bools = (came == 2) | (before & (stay[1] < now.stays))
    return earlier, before, here


# -- what is seen, and what is true ------------------------------------------------------------------------------------

NUMBERS: Final[Mapping[str, str]] = {
    "people": "people",
    "retention": "renewal.retention",
    "regulars": "levels.regulars",
    "advocates": "levels.advocates",
    "peer_share": "peer_share",
    "reciprocity": "reciprocity",
    "answered": "threads.several",
    "first_response": "first_response",
    "depth": "threads.depth",
    "virality": "threads.virality.mean",
    "threads_without_brand": "threads_without_brand",
    "self_organised": "venues.by_posts.self_organised",
}
"""Components whose change has an interval, and what they are called among the estimates."""


def observe_change(regime: Regime, change: str, seed: int, views: Views) -> dict[str, Seen]:
    """Every change that health gives an interval, by component."""
    answer = health(two(regime, change, seed).frame.snapshot(), WINDOW, Asked(views))
    found = {}
    for name, each in answer.components.items():
        if each.change is not None and each.change.interval is not None:
            low, high = each.change.interval
            found[name] = Seen(each.change.difference, True, low, high, np.zeros(0))
    return found


class ChangePool:
    """What both windows are made of, over many runs."""

    def __init__(self) -> None:
        self._pools = Pool(), Pool()

    def add(self, regime: Regime, change: str, seed: int, views: Views) -> None:
        """One run more."""
        made = two(regime, change, seed)
        for pool, window, waits in zip(self._pools, (WINDOW.before(), WINDOW), made.waits, strict=True):
            pool.add(_window(made.frame.rows(window), waits, views))

    def merge(self, others: Iterable[ChangePool]) -> ChangePool:
        """All runs of the others too."""
        for other in others:
            for mine, theirs in zip(self._pools, other._pools, strict=True):
                mine.merge((theirs,))
        return self

    def truths(self) -> dict[str, float]:
        """By component: now less before."""
        then, now = (pool.truths() for pool in self._pools)
        return {name: now[number] - then[number] for name, number in NUMBERS.items()}


def _window(rows: Rows, waits: Floats, views: Views) -> dict[str, Seen]:
    asked, people = Asked(views), np.array([len(people_of(rows)), 1.0])
    answers = {name: VIEWS[name](rows, asked) for name in {BY_NAME[each].view for each in NUMBERS}}
    found = seen(answers, {"first_response": waits} | of_trees(rows, views))
    return found | {"people": Seen(None, False, None, None, people)}
