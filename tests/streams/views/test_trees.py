"""Depths, distances and virality of trees against networkx, and on shapes whose answer is known."""

from __future__ import annotations

from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.views.columns import Ints
from streams.views.trees import NONE, shape, virality, wiener, without_cycles


def measured(parent: Ints) -> tuple[Ints, float]:
    """(depths, structural virality) of one tree."""
    found, one = shape(parent), np.zeros(len(parent), dtype=np.int64)
    nodes = np.array([len(parent)])
    return found.depth, float(virality(wiener(parent, found.size, one, nodes), nodes)[0])


def grown(random: Random, size: int) -> Ints:
    """A random tree; nodes in random order, so that parents come before and after their children."""
    place = random.sample(range(size), size)
    parent = np.full(size, NONE)
    for number in range(1, size):
        parent[place[number]] = place[random.randrange(max(0, number - 4), number)]
    return parent


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**32))
def test_one_tree(size: int, seed: int) -> None:
    parent = grown(Random(seed), size)
    graph: nx.Graph[int] = nx.Graph((node, int(above)) for node, above in enumerate(parent) if above != NONE)
    graph.add_nodes_from(range(size))
    root = int(np.flatnonzero(parent == NONE)[0])
    depth, mean = measured(parent)
    distances = nx.single_source_shortest_path_length(graph, root)
    assert depth.tolist() == [distances[node] for node in range(size)]
    assert mean == pytest.approx(nx.average_shortest_path_length(graph) if size > 1 else 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 15), min_size=1, max_size=8), st.integers(0, 2**32))
def test_a_forest_is_its_trees(sizes: list[int], seed: int) -> None:
    random, starts = Random(seed), np.cumsum([0, *sizes])
    each = [grown(random, size) for size in sizes]
    parent = np.concatenate(
        [np.where(tree == NONE, NONE, tree + start) for tree, start in zip(each, starts, strict=False)]
    )
    tree, nodes = np.repeat(np.arange(len(sizes)), sizes), np.array(sizes)
    found = shape(parent)
    values = virality(wiener(parent, found.size, tree, nodes), nodes)
    assert values.tolist() == [measured(one)[1] for one in each]


def test_known_shapes() -> None:
    chain, star = np.arange(-1, 99_999), np.full(100_000, 0)
    star[0] = NONE
    depth, mean = measured(chain)
    assert depth.tolist() == list(range(100_000))
    assert mean == pytest.approx(100_001 / 3)  # of a chain of n nodes: (n + 1) / 3
    depth, mean = measured(star)
    assert depth.max() == 1
    assert mean == pytest.approx(2 - 2 / 100_000)  # of a star: 2 (n - 1) / n


def test_a_leaf_more_changes_the_sum_by_its_distances() -> None:
    """Leaf by leaf, as a running count would do it: each new one adds its distance to all that are there."""
    random, graph, total = Random(3), nx.Graph(), 0
    graph.add_node(0)
    parent = [NONE]
    for leaf in range(1, 60):
        parent.append(random.randrange(leaf))
        graph.add_edge(leaf, parent[leaf])
        total += sum(nx.single_source_shortest_path_length(graph, leaf).values())
        array = np.array(parent)
        size = shape(array).size
        assert wiener(array, size, np.zeros(leaf + 1, dtype=np.int64), np.array([leaf + 1])).tolist() == [total]


def test_cycles_are_cut_at_their_first_node() -> None:
    parent = np.array([NONE, 3, 1, 2, 3, 5, 0, 8, 7])  # 1 -> 3 -> 2 -> 1 with 4 below; 5 answers itself; 7 <-> 8
    with pytest.raises(ValueError, match="cycle"):
        shape(parent)
    assert without_cycles(parent).tolist() == [NONE, NONE, 1, 2, 3, NONE, 0, NONE, 7]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-1, 20), min_size=21, max_size=21))
def test_any_parents_become_a_forest(parents: list[int]) -> None:
    """Only nodes on a cycle lose their parent, one a cycle, and it is the cycle's first."""
    before = np.array(parents)
    after = without_cycles(before.copy())
    shape(after)
    cycles = list(nx.simple_cycles(nx.DiGraph((node, above) for node, above in enumerate(parents) if above != NONE)))
    assert sorted(np.flatnonzero(before != after).tolist()) == sorted(min(cycle) for cycle in cycles)


def test_no_node() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert len(shape(without_cycles(nothing)).depth) == 0
