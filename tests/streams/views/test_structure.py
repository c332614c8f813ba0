"""Threads, cores, levels, grounds and reciprocity's interval against an independent count, random and real."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from config.schema import Views
from streams.records import Author, Entry
from streams.views.asked import Asked, Estimate
from streams.views.core import core, core_numbers
from streams.views.frame import Frame, Rows, Window
from streams.views.levels import levels
from streams.views.reciprocity import reciprocity
from streams.views.thread_trees import ThreadTrees
from streams.views.threads import SIZES, Middle, threads
from tests.streams.views import hanging, structure
from tests.streams.views.generate import ASKED, OWN, entries, entry, frame_of, window
from tests.streams.views.oracle import Oracle, at, who
from tests.streams.views.test_numbers import check_share, languages, platforms, reddit, same, windows

EASY = Asked(Views(min_posts=1, min_authors=1, bootstrap=50, min_threads=1, min_thread_posts=2, advocate_people=2))


@settings(max_examples=80, deadline=None)
@given(entries(), windows, platforms, languages)
def test_random(made: list[Entry], span: Window, platform: str | None, lang: str | None) -> None:
    check(frame_of(made), Oracle(made, OWN, span, platform, lang))


@pytest.mark.parametrize("days", [1, 30, 2_000])
def test_reddit(days: int) -> None:
    made, own = reddit()
    times = sorted(at(e) for e in made)
    for end in (times[len(times) // 2], times[-1]):
        check(
            frame_of(made, tuple(own)), Oracle(made, own, Window.last(timedelta(days=days), end + timedelta(hours=1)))
        )


def check(frame: Frame, oracle: Oracle) -> None:
    rows = frame.rows(oracle.window, platform=oracle.platform, lang=oracle.lang)
    check_threads(rows, oracle)
    check_core(rows, oracle)
    check_levels(rows, oracle)
    check_reciprocity(rows, oracle)


def check_threads(rows: Rows, oracle: Oracle) -> None:
    answer, trees = threads(rows, EASY), structure.trees(oracle)
    spoken = [e for e in oracle.asked if e.post.kind != "repost"]
    assert (answer.posts, answer.authors) == (len(spoken), len({who(e) for e in spoken}))
    assert (answer.threads, answer.cut) == (len(trees), sum(tree.cut for tree in trees))
    assert sum(answer.by_size.values()) == answer.threads
    assert answer.by_size["4-9"] == sum(4 <= tree.posts <= 9 for tree in trees)
    several = [tree for tree in trees if tree.posts > 1]
    begun = {tree.root: hanging.begun(oracle, tree.root) for tree in trees}
    worth = hanging.worth([hanging.Seen(tree.posts > 1, *[begun[tree.root]] * 2) for tree in trees])
    check_share(answer.several, len(several), len(trees), worth)
    check_middle(answer.size, [tree.posts for tree in several])
    check_middle(answer.depth, [tree.depth for tree in several])
    values = [tree.virality for tree in several]
    assert answer.virality.threads == len(several)
    assert same(answer.virality.median.value, float(np.median(values)) if values else None)
    check_mean(answer.virality.mean, values)
    largest = max(((tree.posts, tree.virality, tree.depth) for tree in trees), default=(0, None, 0))
    assert (answer.largest.posts, answer.largest.depth) == (largest[0], largest[2])
    assert same(answer.largest.virality, largest[1])


def check_middle(answer: Middle, values: list[int]) -> None:
    assert answer.largest == max(values, default=0)
    assert answer.value == (float(np.median(values)) if values else None)


def check_mean(answer: Estimate, values: list[float]) -> None:
    assert same(answer.value, sum(values) / len(values) if values else None)
    if answer.interval is not None and answer.value is not None:
        assert min(values) - 1e-6 <= answer.interval[0] <= answer.value <= answer.interval[1] <= max(values) + 1e-6


def check_core(rows: Rows, oracle: Oracle) -> None:
    answer, (k, inside) = core(rows, EASY), structure.core(oracle)
    assert (answer.k, answer.size, answer.own) == (k, len(inside), len(inside & oracle.own))
    everybody = {who(e) for e in oracle.asked} | {name for pair in oracle.interactions() for name in pair}
    assert same(answer.share_of_authors, len(inside) / len(everybody) if everybody else None)
    written = sum(who(e) in inside for e in oracle.asked)
    assert same(answer.share_of_posts, written / len(oracle.asked) if oracle.asked else None)


def check_levels(rows: Rows, oracle: Oracle) -> None:
    answer, expected = levels(rows, EASY), structure.levels(oracle, 3, 2)
    names = ("advocates", "regulars", "participants", "observers")
    worths = hanging.level_worths(oracle, (3, 2), names)
    for name in names:
        check_share(getattr(answer, name), expected[name], expected.total(), worths[name])


def check_reciprocity(rows: Rows, oracle: Oracle) -> None:
    answer, expected = reciprocity(rows, EASY), hanging.reciprocity(oracle)
    assert (answer.interval is None) == (expected is None or answer.value is None)
    for end, other in zip(answer.interval or (), expected or (), strict=bool(answer.interval)):
        assert same(end, other)


@pytest.mark.parametrize("seed", range(6))
def test_core_numbers(seed: int) -> None:
    """Of everyone, on graphs with hubs, several edges between two, and lonely nodes."""
    random, n = np.random.default_rng(seed), 400
    source, target = (random.integers(0, n, 1_500 * seed) ** 2 // n for _ in range(2))
    source, target = source[source != target], target[source != target]
    graph: nx.Graph[int] = nx.Graph(zip(source.tolist(), target.tolist(), strict=True))
    graph.add_nodes_from(range(n))
    expected = nx.core_number(graph)
    assert core_numbers(n, source, target).tolist() == [expected[node] for node in range(n)]


def test_core_of_known_graphs() -> None:
    chain = np.arange(999)
    assert set(core_numbers(1_000, chain, chain + 1).tolist()) == {1}
    one, other = np.triu_indices(12, 1)
    assert set(core_numbers(12, one, other).tolist()) == {11}
    assert core_numbers(0, chain[:0], chain[:0]).tolist() == []


def chain(length: int, first: int = 0) -> list[Entry]:
    """Each answers the one before."""
    return [
        entry(first + n, ms=first + n, by=5 + n, thread=f"x:p{first}", reply_to=f"x:p{first + n - 1}" if n else None)
        for n in range(length)
    ]


def test_a_thread_counts_whole_though_it_began_before_the_window() -> None:
    answer = threads(frame_of(chain(10)).rows(window(8, 20)), EASY)
    assert (answer.posts, answer.largest.posts, answer.largest.depth) == (2, 10, 9)
    assert answer.largest.virality == pytest.approx(11 / 3)


def test_what_comes_after_the_window_does_not_count() -> None:
    answer = threads(frame_of(chain(10)).rows(window(0, 4)), EASY)
    assert (answer.largest.posts, answer.largest.depth, answer.cut) == (4, 3, 0)


def test_a_cut_branch_hangs_from_the_root() -> None:
    made = chain(6)
    del made[2]
    answer = threads(frame_of(made).rows(window(0, 20)), EASY)
    assert (answer.largest.posts, answer.largest.depth, answer.cut) == (5, 3, 1)  # 3, 4, 5 below the root; and 1
    del made[0]
    answer = threads(frame_of(made).rows(window(0, 20)), EASY)
    assert (answer.largest.posts, answer.largest.depth, answer.cut) == (4, 3, 1)  # the same, the root not held


def test_an_answer_dated_before_what_it_answers() -> None:
    made = [
        entry(1, ms=9),
        entry(2, ms=5, thread="x:p1", reply_to="x:p1"),
        entry(3, ms=2, thread="x:p1", reply_to="x:p2"),
    ]
    answer = threads(frame_of(made).rows(window(0, 20)), EASY)
    assert (answer.largest.depth, answer.cut) == (2, 0)


def test_posts_that_answer_each_other_in_a_circle() -> None:
    """No network should say so; whatever says it must not hang or break the others."""
    made = [entry(n, ms=n, thread="x:p0", reply_to=f"x:p{1 + n % 3}") for n in (1, 2, 3)]
    trees = ThreadTrees(frame_of(made).rows(window(0, 20)))
    assert (trees.posts.tolist(), trees.depth.tolist(), trees.cut) == ([3], [3], 1)


def test_classes_of_sizes() -> None:
    sizes = [1, 2, 3, 4, 9, 10, 29, 30, 99, 100, 101]
    made = [e for number, size in enumerate(sizes) for e in chain(size, 1_000 * number)]
    answer = threads(frame_of(made).rows(window(0, 20_000)), EASY)
    assert answer.by_size == dict(zip(SIZES, (1, 2, 2, 2, 2, 2), strict=True))


def test_too_few_threads_have_no_median() -> None:
    made = [e for number in range(4) for e in chain(5, 100 * number)]
    few, enough = (threads(frame_of(made[:n]).rows(window(0, 900)), Asked(Views(min_threads=4))) for n in (15, 20))
    assert (few.insufficient, few.size.value, few.virality.mean) == (False, None, Estimate())
    assert (enough.size.value, enough.virality.mean.value) == (5, 2)


def test_levels_of_people() -> None:
    """One of each, and an own account that counts nowhere."""
    repeats = entry(1, by=2, repost_of="x:p50", repost_of_author="x:a9")
    says = [entry(n, by=3) for n in (2, 3)]
    keen = [entry(n, by=4, sentiment="positive") for n in (4, 5, 6)]
    helps = [entry(n, by=5, reply_to=f"x:p{n + 60}", reply_to_author=f"x:a{n}") for n in range(10, 15)]
    scolds = [
        entry(n, by=6, reply_to=f"x:p{n + 60}", reply_to_author=f"x:a{n}", sentiment="negative") for n in range(20, 25)
    ]
    flatters = [entry(n, by=7, reply_to=f"x:p{n + 60}", reply_to_author="x:a0") for n in range(30, 36)]
    brand = [entry(n, by=0) for n in range(40, 45)]
    made = [repeats, *says, *keen, *helps, *scolds, *flatters, *brand]
    answer = levels(frame_of(made).rows(window(-1, 10)), ASKED)
    found = {name: getattr(answer, name).count for name in ("advocates", "regulars", "participants", "observers")}
    assert found == {"advocates": 1, "regulars": 3, "participants": 1, "observers": 1}


def test_reciprocity_is_less_sure_when_one_account_makes_it() -> None:
    """Twenty pairs who answer each other among many who do not, or one account that answers forty."""

    def answers(number: int, one: int, other: int) -> Entry:
        return entry(number, author=Author(id=f"x:b{one}"), reply_to="x:p9999", reply_to_author=f"x:b{other}")

    pairs = [answers(2 * n + side, 2 * n + side, 2 * n + 1 - side) for n in range(20) for side in (0, 1)]
    hub = [answers(2 * n + side, 0 if side else n + 1, n + 1 if side else 0) for n in range(20) for side in (0, 1)]
    random = Random(1)
    rest = [answers(100 + n, random.randrange(40), 40 + random.randrange(40)) for n in range(60)]
    by_pairs, by_hub = (reciprocity(frame_of(some + rest).rows(window(-1, 10)), ASKED) for some in (pairs, hub))
    assert by_pairs.mutual == by_hub.mutual == 40
    assert by_pairs.interval is not None
    assert by_hub.interval is not None
    assert by_hub.interval[1] - by_hub.interval[0] > 1.5 * (by_pairs.interval[1] - by_pairs.interval[0])
