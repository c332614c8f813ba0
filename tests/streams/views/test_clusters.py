"""What hangs together is worth less than as much that does not, and what does not is worth itself."""

from __future__ import annotations

import numpy as np
import pytest

from streams.views.clusters import Clusters, concentrated, design, few, independent
from streams.views.columns import Bools


def hits(count: int, total: int) -> Bools:
    return np.arange(total) * 7 % total < count


@pytest.mark.parametrize("count", [0, 1, 20, 50, 99, 100])
def test_each_its_own_is_worth_itself(count: int) -> None:
    """Then the interval is Wilson's, also where hits are rare."""
    assert independent(hits(count, 100), Clusters.of(np.arange(100))) == pytest.approx(100)


def test_twins_are_worth_half() -> None:
    both = np.repeat(hits(30, 100), 2)
    apart, together = (
        independent(both, Clusters.of(np.arange(200))),
        independent(both, Clusters.of(np.arange(200) // 2)),
    )
    assert apart == pytest.approx(200)
    assert together == pytest.approx(100, rel=0.03)


def test_what_differs_within_clusters_is_never_worth_more_than_itself() -> None:
    """Each cluster has one hit and one miss: no chance is left, and none is claimed."""
    found = independent(np.arange(200) % 2 == 0, Clusters.of(np.arange(200) // 2))
    assert 190 < found <= 200


def test_threads_and_people_both_count() -> None:
    """Hits by thread, none by person: as people each is nearly its own, in twenty threads they are twenty."""
    thread = np.arange(600) % 20
    people = np.random.default_rng(1).integers(100, 400, 600)
    by_thread = thread % 3 == 0
    alone = independent(by_thread, Clusters.of(people))
    both = independent(by_thread, Clusters.between(np.arange(100, 400), people - 100, np.arange(20), thread))
    assert alone > 300
    assert both < 30


def test_without_a_hit_all_of_a_cluster_are_taken_as_alike() -> None:
    for all_or_none in (np.zeros(60, dtype=bool), np.ones(60, dtype=bool)):
        assert independent(all_or_none, Clusters.of(np.zeros(60, dtype=np.int64))) == 1
        assert independent(all_or_none, Clusters.of(np.arange(60))) == 60
    assert independent(np.zeros(0, dtype=bool), Clusters.of(np.zeros(0, dtype=np.int64))) == 0


def test_the_order_leaves_no_trace() -> None:
    dice = np.random.default_rng(3)
    found, names = dice.random(500) < 0.3, dice.integers(-(2**63), 2**63 - 1, 60)[dice.integers(0, 60, 500)]
    order = dice.permutation(500)
    assert independent(found, Clusters.of(names)) == independent(found[order], Clusters.of(names[order]))


def test_few_clusters_take_something_off() -> None:
    assert few(200, 200) == 1
    assert few(5, 200) == pytest.approx((1.972 / 2.776) ** 2, rel=0.02)  # Student's t of 199 and 4
    assert few(1, 200) == few(2, 200)


def test_one_that_makes_up_most_leaves_few() -> None:
    assert concentrated(np.ones(50)) == pytest.approx(50)
    assert concentrated(np.array([30.0, *np.ones(50)])) < 1.5
    assert concentrated(np.zeros(4)) == 4


def test_what_few_clusters_say_is_weighed_against_the_worst() -> None:
    assert design(1, 0, 5) == 5
    assert design(1, 1, 5) == 3
    assert design(2, 1e9, 5) == pytest.approx(2)
    assert design(1, 3, 1) == 1


def test_people_without_an_observation_are_no_clusters() -> None:
    """One person's hit and miss cancel out: nothing else is known, however many people are listed beside."""
    person, thread = np.zeros(2, np.int64), np.zeros(2, np.int64)
    found = [
        independent(np.array([True, False]), Clusters.between(np.arange(people), person, np.zeros(1, np.int64), thread))
        for people in (1, 5, 500)
    ]
    assert found == pytest.approx([4 / 3] * 3)
