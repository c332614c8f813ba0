"""The weights are those of the definition, whatever the order; what a bound leaves out is the weakest, and is told."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.graph.ties import UNIT, Pairs, Ties, bounded, talk_of
from streams.records import Entry
from streams.views.columns import identity
from tests.streams.graph.talk import HALF_LIFE, NOW, frame_of, planted, recorded, said, weighed
from tests.streams.views import generate
from tests.streams.views.oracle import Oracle

PAST = timedelta(days=400)


def ties_of(entries: list[Entry], half_life: timedelta = HALF_LIFE, own: tuple[str, ...] = ("x:brand",)) -> Ties:
    return Pairs(talk_of(frame_of(entries, own).snapshot(), NOW, PAST), half_life).at(NOW)


def as_pairs(ties: Ties) -> dict[frozenset[int], float]:
    ends = zip(ties.accounts[ties.source].tolist(), ties.accounts[ties.target].tolist(), strict=True)
    return {frozenset(pair): weight / UNIT for pair, weight in zip(ends, ties.weight.tolist(), strict=True)}


def hashed(weights: dict[frozenset[str], float]) -> dict[frozenset[int], float]:
    return {frozenset(map(identity, pair)): weight for pair, weight in weights.items()}


@given(st.integers(0, 2**32), st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_weights_are_those_of_the_definition(seed: int, count: int) -> None:
    """Replies, quotes and reposts, parents found in the ledger, ends before and after `to`, own accounts left out."""
    entries = generate.made(Random(seed), count)
    to, half_life = generate.T0 + timedelta(milliseconds=70), timedelta(milliseconds=30)
    snapshot = generate.frame_of(entries).snapshot()
    ties = Pairs(talk_of(snapshot, to, PAST), half_life).at(to)
    own = Oracle(entries, generate.OWN, generate.window(0, 70)).own
    expected = hashed(weighed(entries, to, half_life, sorted(own)))
    found = as_pairs(ties)
    assert found.keys() == expected.keys()
    assert all(found[pair] == pytest.approx(expected[pair], abs=len(entries) / UNIT) for pair in found)


def test_half_a_life_ago_counts_half() -> None:
    entries = [said(1, "a", "b", HALF_LIFE), said(2, "b", "a", 2 * HALF_LIFE), said(3, "a", "c", timedelta(seconds=1))]
    found = as_pairs(ties_of(entries))
    assert found[frozenset((identity("x:a"), identity("x:b")))] == 0.75
    assert found[frozenset((identity("x:a"), identity("x:c")))] == pytest.approx(1, abs=1e-5)


def test_what_is_to_come_and_what_is_forgotten_weigh_nothing() -> None:
    entries = [said(1, "a", "b", timedelta()), said(2, "a", "c", timedelta(days=320)), said(3, "a", "d", HALF_LIFE)]
    assert as_pairs(ties_of(entries)) == {frozenset((identity("x:a"), identity("x:d"))): 0.5}


def test_reposts_count_and_own_accounts_do_not() -> None:
    ago = timedelta(hours=1)
    entries = [
        said(1, "a", None, ago, repost_of="x:p9", repost_of_author="x:b", text=""),
        said(2, "a", "brand", ago),
        said(3, "brand", "b", ago),
    ]
    talk = talk_of(frame_of(entries).snapshot(), NOW, PAST)
    assert (len(talk.time), talk.own) == (1, 2)
    assert as_pairs(ties_of(entries)).keys() == {frozenset((identity("x:a"), identity("x:b")))}


def test_order_and_detours_leave_no_trace() -> None:
    random = Random(3)
    entries, passing = planted(random, 4, 9, 300, 0.2), planted(random, 4, 9, 420, 0.4)[300:]
    frame = frame_of([*passing[:50], *random.sample(entries, len(entries)), *passing[50:]])
    for entry in passing:
        frame.remove(entry)
    there = Pairs(talk_of(frame.snapshot(), NOW, PAST), HALF_LIFE).at(NOW)
    for one, other in zip(there, ties_of(entries), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("authors", "edges"), [(10, 1_000), (1_000, 25), (12, 20), (1, 5), (1_000, 1_000)])
def test_a_bound_keeps_the_strongest(authors: int, edges: int) -> None:
    """Against the same in plain Python over pairs of hashes."""
    ties = ties_of(planted(Random(5), 5, 12, 400, 0.3))
    pairs, strength = as_pairs(ties), dict(zip(ties.accounts.tolist(), ties.strength.tolist(), strict=True))
    tied = {account for pair in pairs for account in pair}
    chosen = set(sorted(tied, key=lambda account: (-strength[account], account))[:authors])
    among = [pair for pair in pairs if pair <= chosen]
    kept = sorted(among, key=lambda pair: (-pairs[pair], sorted(pair)))[:edges]
    found, left = bounded(ties, authors, edges)
    assert as_pairs(found) == {pair: pairs[pair] for pair in kept}
    assert left.authors == len(tied) - len({account for pair in kept for account in pair})
    assert left.edges == len(pairs) - len(kept)
    lost = sum(weight for pair, weight in pairs.items() if pair not in set(kept))
    assert left.weight == pytest.approx(lost / sum(pairs.values()))


def test_without_a_bound_in_reach_nothing_changes() -> None:
    ties = ties_of(planted(Random(5), 5, 12, 400, 0.3))
    found, left = bounded(ties, 100_000, 1_000_000)
    assert as_pairs(found) == as_pairs(ties)
    assert left == (0, 0, 0.0)


def test_real_threads() -> None:
    try:
        entries, own = recorded()
    except ValueError as error:
        pytest.skip(str(error))
    half_life = timedelta(days=3_650)
    talk = talk_of(frame_of(entries, own).snapshot(), NOW, timedelta(days=20_000))
    found = as_pairs(Pairs(talk, half_life).at(NOW))
    expected = hashed(weighed(entries, NOW, half_life, own))
    assert len(found) > 500
    assert found.keys() == expected.keys()
    assert all(found[pair] == pytest.approx(expected[pair], abs=100 / UNIT) for pair in found)
