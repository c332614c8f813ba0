"""The graph in a document: networkx reads it, it is the graph, and nobody's id or place is in it."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from random import Random

import msgspec
import networkx as nx
import pytest

from streams.graph.child import result
from streams.graph.circles import circles, find
from streams.graph.export import FORMATS, GraphExport, export, pseudonyms
from streams.graph.job import encoded
from streams.graph.material import Material
from streams.graph.salt import NAME, salt_in
from streams.graph.ties import UNIT
from tests.streams.graph.talk import graph_of, loads, material_of, planted, said

SALT = b"s" * 32


def material() -> Material:
    return material_of(planted(Random(8), 5, 14, 700, 0.2, days=6))


def read(document: bytes) -> nx.Graph:
    return nx.read_graphml(io.BytesIO(document), force_multigraph=False)


def test_networkx_reads_it_and_it_is_the_graph() -> None:
    found = find(material().head, material().talk)
    graph = read(export(material(), SALT, "graphml"))
    names = pseudonyms(found.ties.accounts, SALT, "b")
    expected = nx.relabel_nodes(graph_of(found.ties), dict(enumerate(names)))
    assert not graph.is_directed()
    assert set(graph) == set(expected)
    assert {frozenset(edge) for edge in graph.edges} == {frozenset(edge) for edge in expected.edges}
    for a, b, data in expected.edges(data=True):
        assert graph[a][b]["weight"] == data["weight"] / UNIT
    for node, circle in zip(names, found.label.tolist(), strict=True):
        assert graph.nodes[node]["circle"] == circle + 1
        assert graph.nodes[node]["strength"] == pytest.approx(graph.degree(node, weight="weight"))


def test_its_circles_are_those_of_the_answer() -> None:
    answer, graph = circles(material()), read(export(material(), SALT, "graphml"))
    members = [{n for n, c in graph.nodes(data="circle") if c == number + 1} for number in range(len(answer.circles))]
    assert [len(each) for each in members] == [circle.size for circle in answer.circles]
    rest = [
        {n for n, c in graph.nodes(data="circle") if c == number}
        for number in {c for _, c in graph.nodes(data="circle")}
    ]
    assert nx.community.modularity(graph, rest) == pytest.approx(answer.modularity)
    assert graph.graph["modularity"] == pytest.approx(answer.modularity)
    assert (graph.graph["brand"], graph.graph["insufficient"]) == ("b", False)


def test_both_forms_say_the_same() -> None:
    made, graph = loads(export(material(), SALT, "json")), read(export(material(), SALT, "graphml"))
    assert msgspec.convert(made, GraphExport).nodes
    assert {node["id"]: node["circle"] for node in made["nodes"]} == dict(graph.nodes(data="circle"))
    edges = {frozenset((edge["source"], edge["target"])): edge["weight"] for edge in made["edges"]}
    assert edges == {frozenset((a, b)): weight for a, b, weight in graph.edges(data="weight")}


@pytest.mark.parametrize("form", FORMATS)
def test_nobody_is_named(form: str) -> None:
    """No id, no handle, no hash of an id, and no order that would tell whose is whose."""
    source = material()
    document = export(source, SALT, form).decode()  # type: ignore[arg-type]
    found = find(source.head, source.talk)
    assert "m1" not in document.replace("xml", "")
    for account in found.ties.accounts.tolist():
        for written in (
            str(account),
            str(account % 2**64),
            f"{account % 2**64:016x}",
            account.to_bytes(8, "little", signed=True).hex(),
        ):
            assert written not in document
    made = loads(export(source, SALT, "json"))
    ids = [node["id"] for node in made["nodes"]]
    assert ids == sorted(ids)
    assert [(e["source"], e["target"]) for e in made["edges"]] == sorted(
        (e["source"], e["target"]) for e in made["edges"]
    )


def test_another_salt_or_brand_is_another_name() -> None:
    accounts = find(material().head, material().talk).ties.accounts
    ours = pseudonyms(accounts, SALT, "b")
    assert ours == pseudonyms(accounts, SALT, "b")
    assert len(set(ours)) == len(accounts)
    assert not set(ours) & set(pseudonyms(accounts, b"t" * 32, "b"))
    assert not set(ours) & set(pseudonyms(accounts, SALT, "c"))


def test_a_handful_of_people_cannot_hide() -> None:
    few = material_of([said(n, f"a{n}", f"a{n + 1}") for n in range(3)])
    made = loads(export(few, SALT, "json"))
    assert (made["insufficient"], made["nodes"], made["edges"]) == (True, [], [])
    assert len(read(export(few, SALT, "graphml"))) == 0


def test_the_other_process_does_the_same() -> None:
    assert result(b"".join(encoded(material(), "json", SALT))) == export(material(), SALT, "json")
    assert result(b"".join(encoded(material()))) == msgspec.msgpack.encode(circles(material()._replace(texts=())))


def test_the_salt_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    salt = salt_in(folder)
    assert len(salt) == 32
    assert salt_in(folder) == salt
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [NAME]
    (folder / NAME).unlink()
    assert salt_in(folder) != salt


def test_a_broken_salt_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("abcd")
    with pytest.raises(ValueError, match="delete it"):
        salt_in(tmp_path)
