"""Every number once more, from its definition, in plain Python over entries and with other people's libraries."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import proportion_confint

from streams.records import Entry
from streams.views.frame import Window


def plain(name: str) -> str:
    return name.strip().lstrip("@").casefold()


def at(entry: Entry) -> datetime:
    assert entry.post.created_at is not None
    return entry.post.created_at


def who(entry: Entry) -> str:
    assert entry.post.author is not None
    return entry.post.author.id


def lang_of(entry: Entry) -> str:
    return (entry.post.lang or "und").split("-")[0].lower()


class Oracle:
    """The entries of a brand, and of those the ones a question is about."""

    def __init__(
        self,
        entries: Collection[Entry],
        own: Collection[str],
        window: Window,
        platform: str | None = None,
        lang: str | None = None,
    ) -> None:
        self.all, self.window = list(entries), window
        names = {plain(name) for name in own}
        self.own = set(own)
        for entry in self.all:
            author, post = entry.post.author, entry.post
            assert author is not None
            if plain(author.id) in names or (author.handle and plain(author.handle) in names):
                self.own.add(author.id)
            referred = post.repost_of_author if post.repost_of else post.quote_of_author
            for name in (post.reply_to_author, referred):
                if name and plain(name) in names:
                    self.own.add(name)
        self.author_of = {entry.post.id: who(entry) for entry in self.all}
        self.inside = [e for e in self.all if window.start <= at(e) < window.end]
        self.asked = [
            e
            for e in self.inside
            if (platform is None or e.post.platform == platform) and (lang is None or lang_of(e) == lang)
        ]
        self.platform, self.lang = platform, lang

    # -- volume and sentiment

    def volume(self) -> dict[str, Any]:
        return {
            "posts": len(self.asked),
            "authors": len({who(e) for e in self.asked}),
            "by_kind": {k: sum(e.post.kind == k for e in self.asked) for k in ("post", "reply", "quote", "repost")},
            "by_platform": dict(Counter(e.post.platform for e in self.asked)),
            "by_lang": dict(Counter(lang_of(e) for e in self.asked)),
        }

    def judged(self) -> list[Entry]:
        return [e for e in self.asked if e.sentiment and e.post.kind != "repost" and who(e) not in self.own]

    def net(self) -> float | None:
        counts = Counter(e.sentiment for e in self.judged())
        return (counts["positive"] - counts["negative"]) / counts.total() if counts else None

    def voice(self) -> tuple[int, int, int]:
        others = [e for e in self.asked if who(e) not in self.own]
        return len(others), len({who(e) for e in others}), len({e.post.root for e in others})

    # -- conversation

    def interactions(self) -> list[tuple[str, str]]:
        found = []
        for e in self.asked:
            post = e.post
            ends = [(post.reply_to, post.reply_to_author)]
            if post.repost_of:
                ends.append((post.repost_of, post.repost_of_author))
            else:
                ends.append((post.quote_of, post.quote_of_author))
            for target, author in ends:
                end = (author or self.author_of.get(target)) if target else None
                if end and end != who(e):
                    found.append((who(e), end))
        return found

    def peer_share(self) -> tuple[int, int]:
        found = self.interactions()
        return sum(a not in self.own and b not in self.own for a, b in found), len(found)

    def threads_without_brand(self) -> tuple[int, int]:
        speakers = defaultdict(set)
        for e in self.inside:
            if e.post.kind != "repost":
                speakers[e.post.root].add(who(e))
        asked = {e.post.root for e in self.asked if e.post.kind != "repost"}
        threads = [names for root, names in speakers.items() if root in asked and len(names) >= 2]
        return sum(not names & self.own for names in threads), len(threads)

    def reciprocity(self) -> float | None:
        graph = nx.DiGraph(self.interactions())
        n, ties = len(graph), graph.number_of_edges()
        if not ties or ties == n * (n - 1):
            return None
        r, a = nx.overall_reciprocity(graph), nx.density(graph)
        return float((r - a) / (1 - a))

    def fragmentation(self) -> float | None:
        graph = nx.Graph(self.interactions())
        graph.add_nodes_from(who(e) for e in self.asked)
        pairs = list(combinations(graph, 2))
        component = {node: number for number, nodes in enumerate(nx.connected_components(graph)) for node in nodes}
        return sum(component[a] != component[b] for a, b in pairs) / len(pairs) if pairs else None

    def first_response(self, by_brand: bool) -> tuple[list[float], list[bool]]:
        waits, seen = [], []
        for root in (e for e in self.asked if e.post.root == e.post.id and e.post.kind != "repost"):
            if by_brand and who(root) in self.own:
                continue
            replies = [
                at(e)
                for e in self.inside
                if e.post.root == root.post.id
                and e.post.kind == "reply"
                and (who(e) in self.own if by_brand else who(e) != who(root))
            ]
            until = min(replies, default=self.window.end)
            waits.append(max(0.0, (until - at(root)).total_seconds()))
            seen.append(bool(replies))
        return waits, seen

    # -- evenness and renewal

    def gini(self) -> float | None:
        """Half the relative mean difference between all pairs of authors."""
        sizes = list(Counter(who(e) for e in self.asked).values())
        if not sizes:
            return None
        return sum(abs(a - b) for a in sizes for b in sizes) / (2 * len(sizes) * sum(sizes))

    def absence_factor(self) -> int | None:
        sizes = sorted(Counter(who(e) for e in self.asked).values(), reverse=True)
        return next((k for k in range(1, len(sizes) + 1) if 2 * sum(sizes[:k]) >= sum(sizes)), None)

    def renewal(self) -> tuple[int, int, int, int]:
        here = {who(e) for e in self.asked} - self.own
        before = {who(e) for e in self.all if at(e) < self.window.start}
        last = Oracle(self.all, self.own, self.window.before(), self.platform, self.lang)
        previous = {who(e) for e in last.asked} - self.own
        return len(here - before), len(here & before), len(previous & here), len(previous)


def wilson(count: float, total: float) -> tuple[float, float] | None:
    return plain_wilson(count, total) if total else None


def plain_wilson(count: float, total: float) -> tuple[float, float]:
    low, high = proportion_confint(count, total, alpha=0.05, method="wilson")
    return float(low), float(high)


def kaplan_meier(waits: Sequence[float], seen: Sequence[bool], wider: float = 1.0) -> tuple[float, float, float]:
    """(median, low, high), infinite where not reached. As in R's survival, no interval is claimed where S = 0.

    `wider`: by how much on the scale of log(-log S).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = KaplanMeierFitter().fit(waits, seen)
        survival = fitted.survival_function_.iloc[:, 0]
        inside = (survival > 1e-12) & (survival < 1)
        survival, upper = survival[inside], fitted.confidence_interval_.iloc[:, 1][inside]
        half = wider * (np.log(-np.log(survival)) - np.log(-np.log(upper)))
        curves = survival ** np.exp(half), survival ** np.exp(-half)
    low, high = (min(curve.index[curve <= 0.5], default=float("inf")) for curve in curves)
    return float(fitted.median_survival_time_), low, high
