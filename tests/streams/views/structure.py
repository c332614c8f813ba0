"""Threads, cores, levels and grounds once more from their definitions, over entries and with networkx."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

import networkx as nx

from streams.records import Entry
from streams.views.columns import identity
from tests.streams.views.oracle import Oracle, at, plain, who


class Tree(NamedTuple):
    """One thread; the graph also has a root that is not held."""

    graph: nx.Graph[str]
    root: str
    posts: int
    cut: int

    @property
    def depth(self) -> int:
        distances: dict[str, int] = nx.single_source_shortest_path_length(self.graph, self.root)
        return max(distances.values())

    @property
    def virality(self) -> float:
        return float(nx.average_shortest_path_length(self.graph)) if len(self.graph) > 1 else 0.0


def trees(oracle: Oracle) -> list[Tree]:
    """Of every thread in which an asked post speaks, as it stands at the window's end."""
    members: dict[str, dict[str, Entry]] = defaultdict(dict)
    for e in sorted(oracle.all, key=lambda e: (at(e), identity(e.post.id))):
        if e.post.kind != "repost" and at(e) < oracle.window.end:
            members[e.post.root][e.post.id] = e
    spoken = {e.post.root for e in oracle.asked if e.post.kind != "repost"}
    return [_tree(root, members[root]) for root in spoken]


def _tree(root: str, members: dict[str, Entry]) -> Tree:
    """`members` in the order of time."""
    parent = {name: _parent(root, e, members) for name, e in members.items() if name != root}
    for name in parent:
        if name in _ancestors(name, parent):
            cycle = _ancestors(name, parent)
            parent[min(cycle, key=list(members).index)] = None
    cut = sum(p is None and members[n].post.reply_to not in (None, root, n) for n, p in parent.items())
    graph: nx.Graph[str] = nx.Graph((name, above or root) for name, above in parent.items())
    graph.add_node(root)
    assert nx.is_tree(graph)
    return Tree(graph, root, len(members), cut)


def _parent(root: str, e: Entry, members: Collection[str]) -> str | None:
    found = e.post.reply_to
    return found if found and found != e.post.id and (found in members or found == root) else None


def _ancestors(name: str, parent: dict[str, str | None]) -> list[str]:
    """All above `name`, until one comes twice."""
    found: list[str] = []
    above = parent.get(name)
    while above is not None and above not in found:
        found.append(above)
        above = parent.get(above)
    return found


def core(oracle: Oracle) -> tuple[int, set[str]]:
    """(largest k, who is in it)."""
    number = nx.core_number(nx.Graph(oracle.interactions()))
    k = max(number.values(), default=0)
    return k, {name for name, its in number.items() if its == k}


def levels(oracle: Oracle, regular_threads: int, advocate_people: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for name in {who(e) for e in oracle.asked} - oracle.own:
        mine = [e for e in oracle.asked if who(e) == name]
        found[level_of(oracle, mine, regular_threads, advocate_people)] += 1
    return found


def level_of(oracle: Oracle, mine: list[Entry], regular_threads: int, advocate_people: int) -> str:
    threads = {e.post.root for e in mine if e.post.kind != "repost"}
    signs = Counter(e.sentiment for e in mine if e.post.kind != "repost")
    if not threads:
        return "observers"
    if len(threads) < regular_threads:
        return "participants"
    advocate = len(_answered(oracle, mine)) >= advocate_people and signs["positive"] >= signs["negative"]
    return "advocates" if advocate else "regulars"


def _answered(oracle: Oracle, mine: list[Entry]) -> set[str]:
    found: set[str | None] = set()
    for post in (e.post for e in mine if e.post.kind != "repost"):
        for target, author in ((post.reply_to, post.reply_to_author), (post.quote_of, post.quote_of_author)):
            if target:
                found.add(author or oracle.author_of.get(target))
    return {name for name in found if name} - oracle.own - {who(e) for e in mine}


def grounds(oracle: Oracle, domains: Collection[str], hubs: Collection[str], own: Collection[str]) -> dict[str, Any]:
    """Ground -> (posts, threads)."""
    said = [e for e in oracle.asked if e.post.kind != "repost" and who(e) not in oracle.own]
    where = {e.post.root: _ground(oracle, e.post.root, domains, hubs, own) for e in said}
    by_posts, by_threads = Counter(where[e.post.root] for e in said), Counter(where.values())
    return {"posts": by_posts, "threads": by_threads, "said": said, "where": where}


def _ground(oracle: Oracle, root: str, domains: Collection[str], hubs: Collection[str], own: Collection[str]) -> str:
    held = {e.post.id: e for e in oracle.all}
    members = sorted(
        (e for e in oracle.inside if e.post.root == root and e.post.kind != "repost"),
        key=lambda e: (at(e), identity(e.post.id)),
    )
    first = held.get(root) or members[0]
    told = [e.post.reply_to_author for e in members if e.post.reply_to == root and e.post.reply_to_author]
    began = who(held[root]) if root in held else next(iter(told), None)
    names = _names(first)
    hosts = {plain(name) for name in (*own, *domains)}
    if began in oracle.own or names & hosts:
        return "own"
    listed = {plain(name.removeprefix("https://www.").rstrip("/")) for name in hubs}
    accounts = {
        who(e) for e in oracle.all if e.post.author and {plain(who(e)), plain(e.post.author.handle)} & listed
    } | listed
    return "hub" if began in accounts or (names | {first.post.platform}) & listed else "self_organised"


def _names(e: Entry) -> set[str]:
    """Of the place, in the few forms that the tests use."""
    venue, host = e.post.venue or "", (e.post.url or "//").split("/")[2]
    parts = host.split(".")
    return ({plain(venue), plain(venue.split(" #")[0])} | {".".join(parts[n:]) for n in range(len(parts) - 1)}) - {""}
