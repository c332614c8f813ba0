"""The graph for other programs: without names, and in an order that tells nothing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal
from xml.sax.saxutils import escape

import msgspec
import numpy as np

from streams.graph.circles import Found, find, too_few
from streams.graph.material import Material
from streams.graph.measures import modularity
from streams.graph.ties import UNIT
from streams.views.columns import Ints

Format = Literal["json", "graphml"]
FORMATS: Final[tuple[Format, ...]] = ("json", "graphml")
_DIGITS: Final = 16  # of a pseudonym: 64 bits, as the hashes behind it


class Node(msgspec.Struct, frozen=True):
    """Somebody, under a pseudonym. `circle`: its number, 1 is the largest; `strength`: the weight of all their ties."""

    id: str
    circle: int
    strength: float


class Edge(msgspec.Struct, frozen=True):
    """A tie between two, each pair once. `weight`: 1 for an interaction at `to`, half as much per half-life before."""

    source: str
    target: str
    weight: float


class GraphExport(msgspec.Struct, frozen=True):
    """The graph behind `/circles`, undirected. `insufficient`: too small to hide anybody, so there is nothing in it."""

    brand: str
    to: datetime
    half_life_s: float
    insufficient: bool
    approximate: bool
    modularity: float | None
    nodes: Sequence[Node]
    edges: Sequence[Edge]


def export(material: Material, salt: bytes, form: Format) -> bytes:
    """The document in UTF-8. Who holds the salt could find out whether a known account is in it; nobody else can."""
    head = material.head
    found = find(head, material.talk)
    few = too_few(head, material.talk, found)
    nodes, edges = ([], []) if few else _people(found, salt, head.brand)
    made = GraphExport(
        brand=head.brand,
        to=head.to,
        half_life_s=head.half_life.total_seconds(),
        insufficient=few,
        approximate=found.left.edges > 0,
        modularity=None if few else modularity(found.ties, found.label),
        nodes=nodes,
        edges=edges,
    )
    return msgspec.json.encode(made) if form == "json" else "".join(graphml(made)).encode()


def pseudonyms(accounts: Ints, salt: bytes, brand: str) -> list[str]:
    """HMAC-SHA256 under the salt; another one for each brand, so that two exports cannot be joined."""
    key = hmac.digest(salt, brand.encode(), hashlib.sha256)
    return [hmac.digest(key, value.tobytes(), hashlib.sha256).hex()[:_DIGITS] for value in accounts.astype("<i8")]


def _people(found: Found, salt: bytes, brand: str) -> tuple[list[Node], list[Edge]]:
    """By pseudonym: in the graph they stand by hash, and their order would tell which hash is whose."""
    ties, names = found.ties, np.array(pseudonyms(found.ties.accounts, salt, brand))
    order = np.argsort(names)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    columns = names[order].tolist(), (found.label[order] + 1).tolist(), (ties.strength[order] / UNIT).tolist()
    low, high = np.sort(place[np.stack((ties.source, ties.target))], axis=0)
    rows = np.lexsort((high, low))
    ends = names[order][low[rows]].tolist(), names[order][high[rows]].tolist()
    edges = zip(*ends, (ties.weight[rows] / UNIT).tolist(), strict=True)
    return [Node(*node) for node in zip(*columns, strict=True)], [Edge(*edge) for edge in edges]


_KEYS: Final = (
    ("graph", "brand", "string"),
    ("graph", "to", "string"),
    ("graph", "half_life_s", "double"),
    ("graph", "insufficient", "boolean"),
    ("graph", "approximate", "boolean"),
    ("graph", "modularity", "double"),
    ("node", "circle", "int"),
    ("node", "strength", "double"),
    ("edge", "weight", "double"),
)


def graphml(made: GraphExport) -> Iterator[str]:
    """GraphML (Brandes et al. 2002), as Gephi, Cytoscape and networkx read it."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for owner, name, kind in _KEYS:
        yield f'<key id="{name}" for="{owner}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph edgedefault="undirected">\n'
    whole = msgspec.to_builtins(msgspec.structs.replace(made, nodes=(), edges=()))
    for name, value in whole.items():
        if name not in ("nodes", "edges") and value is not None:
            yield _data(name, value)
    for node in made.nodes:
        yield f'<node id="{node.id}">{_data("circle", node.circle)}{_data("strength", node.strength)}</node>\n'
    for edge in made.edges:
        yield f'<edge source="{edge.source}" target="{edge.target}">{_data("weight", edge.weight)}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _data(key: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'<data key="{key}">{escape(text)}</data>'
