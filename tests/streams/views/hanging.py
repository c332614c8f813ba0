"""How many independent observations a share is worth, once more from the definition, in plain Python over entries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import networkx as nx

from streams.records import Entry
from streams.views.intervals import student_quantile
from tests.streams.views.oracle import Oracle, plain_wilson, who
from tests.streams.views.structure import level_of


class Seen(NamedTuple):
    """One observation: whether it is a hit, and its clusters."""

    hit: bool
    first: str
    second: str


def begun(oracle: Oracle, root: str) -> str:
    """The person who began the thread, or the thread itself."""
    author = oracle.author_of.get(root)
    return root if author is None or author in oracle.own else author


def company(oracle: Oracle) -> dict[str, str]:
    """Of each person who began all the threads they are in; of those in the threads of several, themselves."""
    begins: dict[str, set[str]] = defaultdict(set)
    for e in oracle.asked:
        if who(e) not in oracle.own:
            begins[who(e)].add(begun(oracle, e.post.root))
    return {name: found.pop() if len(found) == 1 else name for name, found in begins.items()}


def stayed(oracle: Oracle) -> list[Seen]:
    """People of the window before, a hit when they are in this one too: in the company of then, and of now."""
    now = company(oracle)
    then = company(Oracle(oracle.all, oracle.own, oracle.window.before(), oracle.platform, oracle.lang))
    return [Seen(name in now, with_whom, now.get(name, with_whom)) for name, with_whom in sorted(then.items())]


def kish(sizes: Iterable[float]) -> float:
    known = list(sizes)
    return sum(known) ** 2 / sum(size * size for size in known)


def few(clusters: float, total: float) -> float:
    t, most = student_quantile(max(clusters, 2) - 1), student_quantile(max(total, 2) - 1)
    return min(1.0, (most / t) ** 2)


def concentrated(sums: Sequence[float]) -> float:
    squares = [s * s for s in sums]
    return sum(squares) ** 2 / sum(s * s for s in squares) if any(squares) else float(len(squares))


def design(found: float, behind: float, most: float) -> float:
    return (behind * found + max(1.0, most)) / (behind + 1)


def squares(seen: Sequence[Seen], errors: Sequence[float]) -> tuple[float, list[float]]:
    """The variance of the sum of errors, and the sum of each cluster."""
    sums: dict[str, float] = defaultdict(float)
    pairs: dict[frozenset[str], float] = defaultdict(float)
    sizes: Counter[str] = Counter()
    for one, error in zip(seen, errors, strict=True):
        sizes[one.first] += 1
        for name in {one.first, one.second}:
            sums[name] += error
        if one.first != one.second:
            pairs[frozenset((one.first, one.second))] += error
    whole, least = sizes.total(), 1 / max(2, len(sums))
    spread = sum(s * s / max(1 - sizes[name] / whole, least) for name, s in sums.items())
    return spread - sum(s * s for s in pairs.values()), list(sums.values())


def worth(seen: Sequence[Seen]) -> float:
    """Of the share of hits."""
    total, count = len(seen), sum(one.hit for one in seen)
    if not total:
        return 0.0
    clusters = min(kish(Counter(names).values()) for names in zip(*(one[1:] for one in seen), strict=True))
    effect, behind = 0.0, 0.0
    if 0 < count < total:
        share = count / total
        spread, sums = squares(seen, [one.hit * total - count for one in seen])
        effect = max(1.0, spread / total**2 / (share * (1 - share) * total) * (total - 1) / total)
        behind = concentrated(sums)
    return max(1.0, total / design(effect, behind, total / clusters) * few(clusters, total))


def interval(seen: Sequence[Seen]) -> tuple[float, float] | None:
    """Wilson's."""
    total, count = len(seen), sum(one.hit for one in seen)
    n = worth(seen)
    return plain_wilson(count / total * n, n) if total else None


def meetings(oracle: Oracle) -> list[Seen]:
    """Interactions, a hit when both ends are people: of the person (of two, who acts), and of who began the thread."""
    found = []
    for e in oracle.asked:
        post = e.post
        ends = [(post.reply_to, post.reply_to_author)]
        reference = (post.repost_of, post.repost_of_author) if post.repost_of else (post.quote_of, post.quote_of_author)
        for target, author in (*ends, reference):
            end = (author or oracle.author_of.get(target)) if target else None
            if end and end != who(e):
                both = who(e) not in oracle.own and end not in oracle.own
                found.append(Seen(both, end if who(e) in oracle.own else who(e), begun(oracle, post.root)))
    return found


def silent(oracle: Oracle) -> list[Seen]:
    """Threads of several, a hit without the brand."""
    speakers = defaultdict(set)
    for e in oracle.inside:
        if e.post.kind != "repost":
            speakers[e.post.root].add(who(e))
    asked = {e.post.root for e in oracle.asked if e.post.kind != "repost"}
    several = [root for root, names in speakers.items() if root in asked and len(names) >= 2]
    return [Seen(not speakers[root] & oracle.own, *[begun(oracle, root)] * 2) for root in several]


def wider(oracle: Oracle, by_brand: bool) -> float:
    """How much wider the interval of a waiting time is than if each thread were its own."""
    waits, seen = oracle.first_response(by_brand)
    roots = [e for e in oracle.asked if e.post.root == e.post.id and e.post.kind != "repost"]
    names = [begun(oracle, e.post.id) for e in roots if not (by_brand and who(e) in oracle.own)]
    times = sorted({wait for wait, answered in zip(waits, seen, strict=True) if answered})
    if not times:
        return 1.0
    risk = {t: sum(wait >= t for wait in waits) for t in times}
    events = {t: sum(wait == t and answered for wait, answered in zip(waits, seen, strict=True)) for t in times}
    left, until = 1.0, times[-1]
    for t in times:
        left *= 1 - events[t] / risk[t]
        if left <= 0.5 + 1e-12:
            until = t
            break
    influence = [
        (1 / risk[wait] if answered and wait <= until else 0.0)
        - sum(events[t] / risk[t] ** 2 for t in times if t <= min(wait, until))
        for wait, answered in zip(waits, seen, strict=True)
    ]
    apart = sum(value * value for value in influence)
    grouped, _ = squares([Seen(False, name, name) for name in names], influence)
    ratio = grouped / apart * (1 - 1 / max(2, len(waits))) if apart else 1.0
    return math.sqrt(max(1.0, ratio) / few(kish(Counter(names).values()), len(waits)))


def reciprocity(oracle: Oracle) -> tuple[float, float] | None:
    """The interval of reciprocity: people, and pairs of people, left out in turn."""
    graph = nx.DiGraph(oracle.interactions())
    people = [name for name in graph if name not in oracle.own]
    whole, ties = _rho(graph), graph.number_of_edges()
    without = [_rho(_left(graph, [name])) for name in people]
    changes = [value - whole for value in without if value is not None and whole is not None]
    if whole is None or 2 * len(changes) < len(people) or len(changes) < 3:
        return None
    pairs = {frozenset(edge) for edge in graph.edges if not set(edge) & oracle.own}
    density, share = nx.density(graph), nx.overall_reciprocity(graph)
    spread = sum(change * change for change in changes)
    spread -= sum((_rho(_cut(graph, tuple(pair))) - whole) ** 2 for pair in pairs)  # type: ignore[operator,misc]
    spread *= (1 - density) ** 2
    effect, behind = 0.0, 0.0
    if 0 < share < 1:
        effect, behind = max(1.0, spread * ties / (share * (1 - share))), concentrated(changes) / 2
    clusters = kish(graph.degree(name) for name in people)
    n = ties / design(effect, behind, ties / clusters) * few(clusters, ties)
    low, high = plain_wilson(share * n, n)
    return (low - density) / (1 - density), (high - density) / (1 - density)


def _rho(graph: nx.DiGraph[str]) -> float | None:
    a = nx.density(graph)
    return (nx.overall_reciprocity(graph) - a) / (1 - a) if graph.number_of_edges() and a < 1 else None


def _left(graph: nx.DiGraph[str], names: list[str]) -> nx.DiGraph[str]:
    rest = graph.copy()
    rest.remove_nodes_from(names)
    rest.remove_nodes_from(list(nx.isolates(rest)))
    return rest


def _cut(graph: nx.DiGraph[str], pair: tuple[str, ...]) -> nx.DiGraph[str]:
    """Without the ties of one pair; both stay."""
    rest = graph.copy()
    rest.remove_edges_from([pair, pair[::-1]])
    return rest


def level_worths(oracle: Oracle, rule: tuple[int, int], levels: Sequence[str]) -> dict[str, float]:
    """Of each level."""
    effects = {level: level_effect(oracle, rule, level) for level in levels}
    most, people = max(effect for effect, _ in effects.values()), len({who(e) for e in oracle.asked} - oracle.own)
    return {level: people / design(*found, most) for level, found in effects.items()}


def level_effect(oracle: Oracle, rule: tuple[int, int], level: str) -> tuple[float, float]:
    """People, and those who began threads, left out in turn."""
    people = sorted({who(e) for e in oracle.asked} - oracle.own)
    now: dict[str, str] = {name: level_of(oracle, _of(oracle, name), *rule) for name in people}
    total, count = len(people), sum(found == level for found in now.values())
    if not 0 < count < total:
        return 1.0, 0.0
    share = count / total

    def error(found: str | None) -> float:
        return 0.0 if found is None else (found == level) - share

    sums = {name: -error(now[name]) for name in people}
    both = 0.0
    for name in people:
        mine = _of(oracle, name)
        for other in {begun(oracle, e.post.root) for e in mine} - {name}:
            rest = [e for e in mine if begun(oracle, e.post.root) != other]
            change = error(level_of(oracle, rest, *rule) if rest else None) - error(now[name])
            sums[other] = sums.get(other, 0.0) + change
            both += change * change
    spread = (sum(s * s for s in sums.values()) - both) * total / (total - 1)
    return max(1.0, spread / (share * (1 - share) * total)), concentrated(list(sums.values()))


def _of(oracle: Oracle, name: str) -> list[Entry]:
    return [e for e in oracle.asked if who(e) == name]
