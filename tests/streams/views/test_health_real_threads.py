"""Health on recorded real threads: each component, its place in the past, and its move.

Against networkx (reciprocity, cores, pieces, trees), lifelines (waits), statsmodels (Wilson, Newcombe), SciPy
(percentiles), NumPy's dice (bootstraps), and plain Python over the entries for the rest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from scipy.stats import norm, percentileofscore
from scipy.stats import t as student
from statsmodels.stats.proportion import confint_proportions_2indep

from config.schema import Views
from streams.records import Entry
from streams.views.asked import Asked
from streams.views.columns import identity
from streams.views.drivers import drivers
from streams.views.frame import Snapshot, Window
from streams.views.health import OwnHealth, health, history
from streams.views.overlap import Together, spread
from streams.views.sentiment import sentiment
from streams.views.voice import voice_counts
from tests.streams.views import hanging, structure
from tests.streams.views.generate import frame_of
from tests.streams.views.oracle import Oracle, kaplan_meier, who
from tests.streams.views.test_numbers import reddit, same
from tests.streams.views.test_voice import squares

EASY = Asked(Views(min_posts=1, min_authors=1, bootstrap=400, min_threads=1, min_thread_posts=2, advocate_people=2))
LEVELS = ("advocates", "regulars", "participants", "observers")
LATE = datetime(2020, 7, 14, tzinfo=UTC)  # the last time that the recording has two busy windows in a row
WINDOWS = tuple(Window.last(timedelta(days=days), LATE) for days in (30, 14))
EVER = Window(datetime(2011, 12, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
WHOLE = Window(datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))  # 1,170 posts


@cache
def recorded() -> tuple[list[Entry], frozenset[str], Snapshot]:
    made, own = reddit()
    return made, frozenset(own), frame_of(made, tuple(own)).snapshot()


@cache
def oracle(window: Window) -> Oracle:
    made, own, _ = recorded()
    return Oracle(made, own, window)


@cache
def found(window: Window) -> OwnHealth:
    return health(recorded()[2], window, EASY)


# -- each component once more ------------------------------------------------------------------------------------------


def share(hits: float, total: float) -> float | None:
    return hits / total if total else None


def level(name: str) -> Callable[[Oracle], float | None]:
    return lambda o: share((counts := structure.levels(o, 3, 2))[name], counts.total())


def retention(o: Oracle) -> float | None:
    _, _, stayed, previous = o.renewal()
    return share(stayed, previous)


def waiting(o: Oracle) -> float | None:
    waits, seen = o.first_response(by_brand=False)
    return kaplan_meier(waits, seen)[0] if waits else None


def of_threads(
    read: Callable[[structure.Tree], float], middle: Callable[[list[float]], object]
) -> Callable[[Oracle], float | None]:
    def value(o: Oracle) -> float | None:
        values = [read(tree) for tree in structure.trees(o) if tree.posts > 1]
        return float(str(middle(values))) if values else None

    return value


def answered(o: Oracle) -> float | None:
    trees = structure.trees(o)
    return share(sum(tree.posts > 1 for tree in trees), len(trees))


def self_organised(o: Oracle) -> float | None:
    posts = structure.grounds(o, (), (), tuple(o.own))["posts"]
    return share(posts["self_organised"], posts.total())


ORACLES: Mapping[str, Callable[[Oracle], float | None]] = {
    "people": lambda o: len({who(e) for e in o.asked} - o.own),
    "retention": retention,
    "regulars": level("regulars"),
    "advocates": level("advocates"),
    "peer_share": lambda o: share(*o.peer_share()),
    "reciprocity": lambda o: o.reciprocity(),
    "answered": answered,
    "first_response": waiting,
    "depth": of_threads(lambda tree: tree.depth, np.median),
    "virality": of_threads(lambda tree: tree.virality, np.mean),
    "core": lambda o: structure.core(o)[0] if o.asked else None,
    "unevenness": lambda o: o.gini(),
    "fragmentation": lambda o: o.fragmentation(),
    "threads_without_brand": lambda o: share(*o.threads_without_brand()),
    "self_organised": self_organised,
}


@cache
def expected(name: str, window: Window) -> float | None:
    return ORACLES[name](oracle(window))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ORACLES)
def test_now(name: str, window: Window) -> None:
    now, other = found(window).components[name].now, expected(name, window)
    assert now.posts > 0
    assert same(now.value, other)
    assert now.unreached is (other is not None and math.isinf(other))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ORACLES)
def test_place_in_the_past(name: str, window: Window) -> None:
    """Earlier windows of the same length, those without a value left out; SciPy's percentile."""
    _, _, snapshot = recorded()
    length, place = window.end - window.start, found(window).components[name].history
    assert snapshot.since is not None
    reach = length if name == "retention" else timedelta()
    past = [each for each in history(snapshot, window, EASY) if each.start - reach >= snapshot.since]
    values = [value for each in past if (value := expected(name, each)) is not None]
    now = expected(name, window)
    assert now is not None
    assert place.of == len(values) >= (8 if place.percentile is not None else 0)
    assert (place.lower, place.equal) == (
        sum(v < now and not math.isclose(v, now, rel_tol=1e-9) for v in values),
        sum(math.isclose(v, now, rel_tol=1e-9) for v in values),
    )
    if place.percentile is not None:
        assert place.percentile == pytest.approx(percentileofscore(np.round(values, 12), round(now, 12), kind="mean"))


# -- moves -------------------------------------------------------------------------------------------------------------


def worth(name: str, o: Oracle) -> float:
    """How many independent observations the share rests on."""
    if name == "retention":
        return hanging.worth(hanging.stayed(o))
    if name in LEVELS:
        return hanging.level_worths(o, (3, 2), LEVELS)[name]
    if name == "peer_share":
        return hanging.worth(hanging.meetings(o))
    if name == "threads_without_brand":
        return hanging.worth(hanging.silent(o))
    if name == "answered":
        return hanging.worth([hanging.Seen(t.posts > 1, *[hanging.begun(o, t.root)] * 2) for t in structure.trees(o)])
    grounds = structure.grounds(o, (), (), tuple(o.own))
    where = grounds["where"]
    said = [(where[e.post.root] == name, who(e), hanging.begun(o, e.post.root)) for e in grounds["said"]]
    return hanging.worth([hanging.Seen(*one) for one in said])


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    "name",
    ["retention", "regulars", "advocates", "peer_share", "answered", "threads_without_brand", "self_organised"],
)
def test_shares_move_as_newcombe_says(name: str, window: Window) -> None:
    change = found(window).components[name].change
    now, before = expected(name, window), expected(name, window.before())
    assert change is not None
    if now is None or before is None:
        assert change.difference is None
        return
    n, m = worth(name, oracle(window)), worth(name, oracle(window.before()))
    low, high = confint_proportions_2indep(now * n, n, before * m, m, method="newcomb", compare="diff")
    assert change.method == "newcombe"
    assert change.difference == pytest.approx(now - before, abs=1e-12)
    assert change.interval == pytest.approx((low, high), abs=1e-9)
    assert change.real == (low > 0 or high < 0)


def ends(name: str, o: Oracle) -> tuple[float, float]:
    if name == "reciprocity":
        return hanging.reciprocity(o) or (math.nan, math.nan)
    return kaplan_meier(*o.first_response(by_brand=False), hanging.wider(o, by_brand=False))[1:]


@pytest.mark.parametrize("name", ["reciprocity", "first_response"])
def test_other_estimates_move_as_zou_and_donner_say(name: str) -> None:
    """From the interval of each, by networkx and by lifelines; what these call infinite has no bound."""
    for window in WINDOWS:
        change = found(window).components[name].change
        now, before = expected(name, window), expected(name, window.before())
        assert change is not None and now is not None and before is not None
        if math.isinf(now) or math.isinf(before):
            assert change.difference is None
            continue
        (low, high), (other_low, other_high) = ends(name, oracle(window)), ends(name, oracle(window.before()))
        if math.isnan(low) or math.isnan(other_low):
            assert change.interval is None
            continue
        assert change.interval is not None
        assert same(change.interval[0], now - before - math.hypot(now - low, other_high - before))
        assert same(change.interval[1], now - before + math.hypot(high - now, before - other_low))


@pytest.mark.parametrize("window", WINDOWS)
def test_people_move_as_those_they_came_with(window: Window) -> None:
    """NumPy's own dice: who came or left, Poisson(1) times, together with all in the same company."""
    now, then = hanging.company(oracle(window)), hanging.company(oracle(window.before()))
    change = found(window).components["people"].change
    assert change is not None
    assert change.interval is not None
    assert change.difference == len(now) - len(then)
    came, left = (Counter(a[name] for name in a.keys() - b.keys()) for a, b in ((now, then), (then, now)))
    dice = np.random.default_rng(1)
    gained, lost = (dice.poisson(1, (20_000, len(each))) @ np.array(list(each.values())) for each in (came, left))
    clusters = hanging.kish([*came.values(), *left.values()])
    tail = norm.cdf(-math.sqrt(clusters / (clusters - 1)) * student.ppf(0.975, clusters - 1))  # Hesterberg 2015
    low, high = np.quantile(gained - lost, (tail, 1 - tail))
    assert change.interval == pytest.approx((low, high), abs=0.25 * (high - low))


# -- besides -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [*WINDOWS, WHOLE])
def test_threads_with_the_most_interactions(window: Window) -> None:
    made, own, snapshot = recorded()
    roots = Counter[str]()
    for root in {e.post.root for e in oracle(window).asked}:
        part = Oracle(made, own, window)
        part.asked = [e for e in part.asked if e.post.root == root]
        roots[root] = len(part.interactions())
    told = drivers(snapshot.rows(window), 3)
    assert [each.interactions for each in told] == [count for _, count in roots.most_common(3) if count >= 2]
    held = {identity(e.post.id): e.post.root for e in made}
    assert [each.interactions for each in told] == [roots[held[each.post]] for each in told]


def test_sentiment_is_as_sure_as_people_drawn_anew() -> None:
    """NumPy's own dice over authors, in place of hashes."""
    answer = sentiment(recorded()[2].rows(WHOLE), EASY)
    signs: dict[str, list[int]] = {}
    for e in oracle(WHOLE).judged():
        signs.setdefault(who(e), []).append({"positive": 1, "negative": -1}.get(e.sentiment or "", 0))
    sums, sizes = (np.array([each(some) for some in signs.values()]) for each in (sum, len))
    drawn = np.random.default_rng(1).multinomial(len(signs), np.full(len(signs), 1 / len(signs)), 4_000)
    low, high = np.quantile(drawn @ sums / (drawn @ sizes), (0.025, 0.975))
    assert answer.interval == pytest.approx((low, high), abs=0.15 * (high - low))


def test_share_of_voice_is_as_sure_as_all_brands_in_one_place() -> None:
    """Two brands of the same people: answers to first posts, and answers to answers. Each holds all first posts."""
    made, _, _ = recorded()
    firsts = [e for e in made if e.post.kind == "post"]
    answers = [e for e in made if e.post.kind == "reply"]
    brands = [[*firsts, *(e for e in answers if (e.post.reply_to == e.post.root) is first)] for first in (True, False)]
    counts = [voice_counts(frame_of(brand, ()).rows(EVER)) for brand in brands]
    author = {e.post.id: who(e) for e in firsts}
    posts = [(who(e), author.get(e.post.root, e.post.root), n) for n, brand in enumerate(brands) for e in brand]
    group = Together([count.posts for count in counts], [count.by_posts for count in counts if count.by_posts])
    expected_variance = squares(posts, counts[0].posts / len(posts))
    assert spread(0, group).variance == pytest.approx(expected_variance, rel=0.15)
