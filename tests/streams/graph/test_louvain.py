"""Circles against networkx: the same modularity, no worse a partition; planted circles found, in any order."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random

import networkx as nx
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from streams.graph.louvain import circles_of
from streams.graph.measures import bridges, crossing, modularity
from streams.graph.ties import Pairs, Ties, talk_of
from streams.views.fragmentation import components
from tests.streams.graph.talk import NOW, frame_of, graph_of, groups, planted, recorded
from tests.streams.graph.test_ties import ties_of

WORSE = 0.99  # of networkx's best of three seeds


def from_networkx(graph: nx.Graph) -> Ties:
    """Nodes are 0 … n - 1; a weight is a whole number."""
    pairs = sorted((min(a, b), max(a, b), data.get("weight", 1)) for a, b, data in graph.edges(data=True) if a != b)
    source, target, weight = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    return Ties(np.arange(len(graph), dtype=np.int64), source, target, weight)


def weighted(graph: nx.Graph, seed: int) -> nx.Graph:
    random = Random(seed)
    for _, _, data in graph.edges(data=True):
        data["weight"] = 1 + int(random.expovariate(0.01))
    return graph


GRAPHS = {
    "karate": nx.karate_club_graph(),
    "ring of cliques": nx.ring_of_cliques(12, 6),
    "barabasi": weighted(nx.barabasi_albert_graph(400, 3, seed=1), 1),
    "planted": weighted(nx.random_partition_graph([30] * 8, 0.3, 0.01, seed=2), 2),
    "power law": weighted(nx.powerlaw_cluster_graph(600, 4, 0.4, seed=3), 3),
    "star": nx.star_graph(200),
    "path": nx.path_graph(300),
    "grid": nx.convert_node_labels_to_integers(nx.grid_2d_graph(20, 20)),
    "complete": nx.complete_graph(20),
    "pieces": nx.disjoint_union_all([nx.cycle_graph(7), nx.complete_graph(4), nx.path_graph(2), nx.star_graph(5)]),
}
each = pytest.mark.parametrize("name", GRAPHS)


@each
def test_modularity_is_that_of_networkx(name: str) -> None:
    ties = from_networkx(GRAPHS[name])
    label = circles_of(ties)
    expected = nx.community.modularity(graph_of(ties), groups(label))
    assert modularity(ties, label) == pytest.approx(expected, abs=1e-12)


@each
def test_circles_are_no_worse_than_those_of_networkx(name: str) -> None:
    ties = from_networkx(GRAPHS[name])
    graph = graph_of(ties)
    theirs = [nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed)) for seed in range(3)]
    found = modularity(ties, circles_of(ties))
    assert found is not None
    assert found >= max(theirs) * WORSE - 1e-9


@each
def test_each_circle_hangs_together_and_all_belong(name: str) -> None:
    ties = from_networkx(GRAPHS[name])
    graph, label = graph_of(ties), circles_of(ties)
    assert len(label) == len(graph)
    assert sorted(set(label.tolist())) == list(range(int(label.max()) + 1))
    assert all(nx.is_connected(graph.subgraph(members)) for members in groups(label))
    firsts = [min(members) for members in groups(label)]
    assert all(one < other for one, other in pairwise(firsts)), "numbered in the order of their first members"


@each
def test_components_are_those_of_networkx(name: str) -> None:
    ties = from_networkx(GRAPHS[name])
    found = groups(components(len(ties.accounts), ties.source, ties.target))
    assert sorted(map(sorted, found)) == sorted(map(sorted, nx.connected_components(graph_of(ties))))


@each
def test_participation_and_crossing_by_hand(name: str) -> None:
    ties = from_networkx(GRAPHS[name])
    graph, label = graph_of(ties), circles_of(ties)
    found = bridges(ties, label)
    for node in graph:
        to: dict[int, float] = {}
        for other, data in graph[node].items():
            to[int(label[other])] = to.get(int(label[other]), 0) + data["weight"]
        whole = sum(to.values())
        assert found.participation[node] == pytest.approx(1 - sum((part / whole) ** 2 for part in to.values()))
        assert found.circles[node] == len(to)
        assert found.within[node] == to.get(int(label[node]), 0)
    crossed = sum(label[a] != label[b] for a, b in graph.edges)
    assert int(crossing(ties, label).sum()) == crossed


@pytest.mark.parametrize("seed", range(4))
def test_planted_circles_are_found(seed: int) -> None:
    """Six circles of 25 people; one answer in ten goes to anybody."""
    ties = ties_of(planted(Random(seed), 6, 25, 2_500, 0.1))
    label = circles_of(ties)
    names = {hash_: circle for circle in range(6) for hash_ in _members(circle)}
    truth = [names[account] for account in ties.accounts.tolist()]
    assert adjusted_rand_score(truth, label) > 0.98


def _members(circle: int) -> set[int]:
    from streams.views.columns import identity

    return {identity(f"x:c{circle}m{member}") for member in range(25)}


def test_order_of_arrival_does_not_matter() -> None:
    entries = planted(Random(1), 6, 20, 900, 0.5)
    expected = circles_of(ties_of(entries))
    for seed in range(3):
        assert np.array_equal(circles_of(ties_of(Random(seed).sample(entries, len(entries)))), expected)


def test_nobody_talks() -> None:
    empty = np.zeros(0, dtype=np.int64)
    ties = Ties(empty, empty, empty, empty)
    assert len(circles_of(ties)) == 0
    assert modularity(ties, empty) is None


def test_real_threads() -> None:
    try:
        entries, own = recorded()
    except ValueError as error:
        pytest.skip(str(error))
    talk = talk_of(frame_of(entries, own).snapshot(), NOW, timedelta(days=20_000))
    pairs = Pairs(talk, timedelta(days=3_650)).at(NOW)
    graph, label = graph_of(pairs), circles_of(pairs)
    assert modularity(pairs, label) == pytest.approx(nx.community.modularity(graph, groups(label)), abs=1e-12)
    theirs = [nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed)) for seed in range(3)]
    assert (modularity(pairs, label) or 0) >= max(theirs) * WORSE
