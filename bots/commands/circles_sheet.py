"""`circles` as a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bots.commands.figures import TOO_FEW, Figure, points
from bots.commands.sheet import Sheet

Row = tuple[str, ...]
_HEAD = ("circle", "people", "posts", "net sentiment", "stays inside", "words", "around")
_WORDS, _LANGUAGES = 5, 2


def circles_sheet(title: str, window: str, data: Mapping[str, Any], notes: Sequence[str]) -> Sheet:
    """One row per circle, the largest first; below it who stands between, and what the graph leaves out."""
    graph = data["graph"]
    if data["insufficient"]:
        said = f"{graph['interactions']:,} interactions between {_many(graph['authors'], 'person', 'people')}"
        return Sheet(f"{title}: too few talk with each other to make circles ({said}).", notes=notes)
    people = _many(graph["authors"], "person", "people")
    headline = f"{title}, {window}: {people} in {_many(_count(data), 'circle')}, modularity {data['modularity']:.2f}"
    rows = [_circle(each) for each in data["circles"]]
    return Sheet(headline, rows, _HEAD if rows else (), [*_notes(data), *notes])


def _count(data: Mapping[str, Any]) -> int:
    return len(data["circles"]) + int(data["others"]["circles"])


def _circle(circle: Mapping[str, Any]) -> Row:
    share = circle["share"]["share"]
    posts = f"{circle['posts']:,}" if share is None else f"{circle['posts']:,} ({100 * share:.0f} %)"
    around = " ".join(_person(voice) for voice in circle["voices"])
    languages = ", ".join([name for name in circle["languages"] if name != "und"][:_LANGUAGES])
    words = ", ".join(word["word"] for word in circle["words"][:_WORDS]) or TOO_FEW
    return (
        circle["name"],
        f"{circle['size']:,}",
        f"{posts} {languages}".strip(),
        points(circle["sentiment"]),
        _inside(circle["crossing"]),
        words,
        around,
    )


def _inside(crossing: Figure) -> str:
    return "" if crossing["share"] is None else f"{100 * (1 - crossing['share']):.0f} %"


def _person(person: Mapping[str, Any]) -> str:
    """A handle as the network writes it, else the id."""
    return person["handle"] or str(person["author"])


def _notes(data: Mapping[str, Any]) -> list[str]:
    crossing, others, graph = data["crossing"], data["others"], data["graph"]
    found = [f"{crossing['edges']:,} of {crossing['total']:,} ties join two circles."]
    if data["brokers"]:
        named = [f"{_person(each)} ({each['circles']} circles)" for each in data["brokers"][:_WORDS]]
        found.append(f"Between circles: {', '.join(named)}.")
    if others["circles"]:
        small = _many(others["circles"], "circle")
        found.append(f"Not listed: {small} more, of {_many(others['authors'], 'person', 'people')} in all.")
    half_life = graph["half_life_s"] / 86_400
    found.append(
        f"People and ties: all until {data['to']}, half as heavy every {half_life:g} days. As of {data['as_of']}."
    )
    if graph["approximate"]:
        left = graph["left_out"]
        found.append(
            f"Approximate: the weakest {left['authors']:,} people and {left['edges']:,} ties are left out, "
            f"{100 * left['weight']:.1f} % of the weight."
        )
    if own := graph["left_out"]["own_interactions"]:
        found.append(f"Without {_many(own, 'interaction')} with the brand's own accounts.")
    return found


def _many(count: int, unit: str, units: str = "") -> str:
    return f"{count:,} {unit if count == 1 else units or unit + 's'}"
