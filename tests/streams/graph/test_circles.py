"""The whole answer: what stands in it is true of the entries, and it depends on nothing else."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import networkx as nx
import pytest

from streams.graph.circles import circles
from streams.graph.job import decoded, encoded
from streams.graph.material import MOST_TEXTS, gather, wanted
from streams.graph.words import SAID_BY
from streams.records import Entry
from streams.views.columns import identity
from streams.views.window import Window
from tests.streams.graph.talk import HALF_LIFE, NOW, config, frame_of, material_of, planted, said, weighed

HOUR = timedelta(hours=1)


def talk() -> list[Entry]:
    """Two circles, of 8 and 6 people, with a subject each; `bridge` talks with both, `brand` with anybody."""
    random, entries = Random(7), []
    for number in range(160):
        circle, size = random.choices([("a", 8), ("b", 6)], [3, 2])[0]
        by, to = random.sample(range(size), 2)
        subject = {"a": "battery charger", "b": "garden bicycle"}[circle]
        ago = timedelta(days=random.random() * 6, milliseconds=1)
        entries.append(
            said(
                number,
                f"{circle}{by}",
                f"{circle}{to}",
                ago,
                text=f"{subject} beephone",
                lang={"a": "en", "b": "es-MX"}[circle],
                sentiment={"a": "positive", "b": "negative"}[circle],
            )
        )
    entries += [said(200 + n, "bridge", f"{'ab'[n % 2]}{n % 6}", HOUR * n + HOUR, text="both") for n in range(20)]
    entries += [said(300 + n, "brand", f"a{n % 8}", HOUR, text="Thank you") for n in range(10)]
    return entries


def sent(entries: list[Entry], **graph: Any) -> Any:
    return json.loads(msgspec.json.encode(circles(material_of(entries, **graph))))


def test_the_answer_is_true_of_the_entries() -> None:
    entries = talk()
    body = sent(entries)
    others = [entry for entry in entries if entry.post.author and entry.post.author.id != "x:brand"]
    weights = weighed(entries, NOW, HALF_LIFE, ["x:brand"])
    graph = nx.Graph([tuple(pair) for pair in weights])
    assert (body["posts"], body["authors"]) == (len(others), len({e.post.author.id for e in others if e.post.author}))
    assert body["graph"]["interactions"] == len(others)
    assert (body["graph"]["authors"], body["graph"]["edges"]) == (len(graph), len(weights))
    assert (body["graph"]["components"], body["graph"]["largest"]) == (1, len(graph))
    assert body["graph"]["left_out"] == {"authors": 0, "edges": 0, "weight": 0.0, "own_interactions": 10}
    assert not body["graph"]["approximate"]
    assert sum(each["size"] for each in body["circles"]) + body["others"]["authors"] == len(graph)


def test_each_circle_is_described_by_its_members() -> None:
    entries = talk()
    first, second = sent(entries)["circles"]
    assert (first["size"] + second["size"], second["size"]) in ((15, 6), (15, 7))
    assert [word["word"] for word in first["words"][:2]] in (["battery", "charger"], ["charger", "battery"])
    assert {word["word"] for word in second["words"][:2]} == {"garden", "bicycle"}
    assert all(word["authors"] >= SAID_BY for circle in (first, second) for word in circle["words"])
    assert "beephone" not in {word["word"] for circle in (first, second) for word in circle["words"]}
    assert next(iter(first["languages"])) == "en"
    assert next(iter(second["languages"])) == "es"
    assert first["sentiment"]["net"] == 1.0
    assert second["sentiment"]["net"] < 0
    low, high = second["sentiment"]["interval"]
    assert low <= second["sentiment"]["net"] <= high
    assert first["share"]["count"] + second["share"]["count"] == first["share"]["total"] == 180
    assert first["crossing"]["edges"] == second["crossing"]["edges"]
    assert first["name"] != second["name"]


def test_voices_and_brokers() -> None:
    body = sent(talk())
    (broker,) = (each for each in body["brokers"] if each["author"] == str(identity("x:bridge")))
    assert body["brokers"][0] == broker
    assert (broker["circles"], broker["posts"]) == (2, 20)
    assert 0.4 < broker["participation"] <= 0.5
    for circle in body["circles"]:
        assert len(circle["voices"]) == 3
        within = [voice["within"] for voice in circle["voices"]]
        assert within == sorted(within, reverse=True)
        assert {voice["circle"] for voice in circle["voices"]} == {circle["name"]}
    assert str(identity("x:brand")) not in json.dumps(body)
    nobody = sent(talk(), voices=0, brokers=0)
    assert nobody["brokers"] == [] == nobody["circles"][0]["voices"]


def test_too_little_to_say() -> None:
    body = sent([said(n, f"a{n}", f"a{n + 1}", HOUR) for n in range(4)])
    assert body["insufficient"]
    assert (body["circles"], body["brokers"], body["modularity"]) == ([], [], None)
    assert body["graph"]["edges"] == 4
    empty = sent([])
    assert empty["insufficient"]
    assert empty["graph"]["authors"] == empty["posts"] == 0


def test_a_circle_that_has_not_spoken_in_the_window() -> None:
    """It is there, with its members, and says that there is too little."""
    silent = [said(900 + n, f"s{n % 6}", f"s{(n + 1 + n // 6) % 6}", timedelta(days=9)) for n in range(24)]
    body = sent([*talk(), *silent])
    quiet = body["circles"][-1]
    assert (quiet["posts"], quiet["insufficient"], quiet["words"], quiet["voices"]) == (0, True, [], [])
    assert quiet["sentiment"]["net"] is None
    assert quiet["size"] in (6, 7)


def test_a_bound_is_told() -> None:
    entries = planted(Random(3), 8, 20, 3_000, 0.2, days=6)
    body, whole = sent(entries, authors=100, edges=300), sent(entries)
    left = body["graph"]["left_out"]
    assert body["graph"]["approximate"]
    assert body["graph"]["authors"] <= 100
    assert body["graph"]["edges"] == 300
    assert left["edges"] == whole["graph"]["edges"] - 300
    assert left["authors"] == whole["graph"]["authors"] - body["graph"]["authors"]
    assert 0 < left["weight"] < 1


def test_order_of_arrival_and_detours_leave_no_trace() -> None:
    entries, passing = talk(), planted(Random(2), 3, 5, 60, 0.3, days=6)
    passing = [
        msgspec.structs.replace(e, post=msgspec.structs.replace(e.post, id=f"x:q{n}")) for n, e in enumerate(passing)
    ]
    frame = frame_of([*passing[:30], *Random(5).sample(entries, len(entries)), *passing[30:]])
    for entry in passing:
        frame.remove(entry)
    window = Window.last(timedelta(days=7), NOW)
    material = gather(frame.snapshot(), config(), "b", window, NOW)
    expected = material_of(entries)
    assert circles(material._replace(texts=expected.texts[::-1])) == circles(expected)


def test_through_a_pipe_it_is_the_same() -> None:
    for material in (material_of(talk()), material_of([])):
        received = decoded(b"".join(encoded(material))).material
        assert circles(received._replace(texts=material.texts)) == circles(material)


def test_texts_are_an_even_sample() -> None:
    """Those with the smallest hashes: the same whatever the order, of the whole window."""
    posts = gather(frame_of(talk()).snapshot(), config(), "b", Window.last(timedelta(days=7), NOW), NOW).posts
    times, hashes = wanted(posts)
    assert len(hashes) == 180 < MOST_TEXTS
    assert set(hashes.tolist()) == {
        identity(e.post.id) for e in talk() if e.post.author and e.post.author.id != "x:brand"
    }
    assert (times[1:] >= times[:-1]).all()


def test_the_answer_is_json_without_nan() -> None:
    for body in (sent(talk()), sent([])):
        assert all(math.isfinite(value) for value in _floats(body))


def _floats(node: Any) -> list[float]:
    if isinstance(node, dict):
        return [value for part in node.values() for value in _floats(part)]
    if isinstance(node, list):
        return [value for part in node for value in _floats(part)]
    return [node] if isinstance(node, float) else []


@pytest.mark.parametrize("days", [1, 7, 90])
def test_the_window_changes_what_is_said_not_who_belongs(days: int) -> None:
    whole, part = circles(material_of(talk(), 90)), circles(material_of(talk(), days))
    assert [(c.name, c.size) for c in part.circles] == [(c.name, c.size) for c in whole.circles]
    assert part.modularity == whole.modularity
