"""`pulse` as a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bots.commands.figures import TOO_FEW, Figure, number, parts, percent, points, seconds
from bots.commands.sheet import Sheet

Row = tuple[str, ...]


def pulse_sheet(title: str, window: str, data: Mapping[str, Any], notes: Sequence[str]) -> Sheet:
    """The headline, one row per number, and what has to be said about them."""
    if not data["posts"]:
        return Sheet(f"{title}, {window}: nobody has spoken.", notes=[*_warnings(data), *notes])
    headline = f"{title}, {window}: {_many(data['posts'], 'post')} by {_many(data['authors'], 'author')}"
    rows = [
        _sentiment(data["sentiment"]),
        *_corrected(data["sentiment"]["corrected"]),
        ("share of voice", percent(data["share_of_voice"]["by_posts"]), parts(data["share_of_voice"]["by_posts"])),
        ("among themselves", percent(data["peer_share"]), f"{parts(data['peer_share'])} interactions"),
        ("threads without the brand", percent(data["threads_without_brand"]), parts(data["threads_without_brand"])),
        ("reciprocity", number(data["reciprocity"], "value"), f"{data['reciprocity']['ties']:,} ties"),
        _unevenness(data["unevenness"]),
        *_renewal(data["renewal"]),
        _response("first response", data["first_response"]),
        _response("response by the brand", data["first_response"]["by_brand"]),
        ("where", _largest(data["by_platform"]), _largest(data["by_lang"])),
    ]
    return Sheet(headline, rows, notes=[*_warnings(data), *notes])


def _sentiment(figure: Figure) -> Row:
    counts = f"{figure['positive']:,} positive, {figure['neutral']:,} neutral, {figure['negative']:,} negative"
    return ("net sentiment", points(figure), counts)


def _corrected(figure: Figure) -> list[Row]:
    """Only when there is a corrected value; its absence is explained in the JSON."""
    if figure["insufficient"]:
        return []
    return [("… corrected", points(figure), f"for the classifier's known errors, in {', '.join(figure['languages'])}")]


def _unevenness(figure: Figure) -> Row:
    half = "" if figure["absence_factor"] is None else f"{_many(figure['absence_factor'], 'author')} wrote half of it"
    return ("unevenness", number(figure, "gini"), half)


def _renewal(figure: Figure) -> list[Row]:
    """Who came, came back and left; the last two are of the window before, which may not have been heard."""
    new = f"{figure['newcomers']:,} new, {figure['returning']:,} seen before"
    people = TOO_FEW if figure["insufficient"] else new
    retention, left = figure["retention"], f"{figure['left']:,} left"
    return [("people", people, ""), ("retention", percent(retention), f"{parts(retention)} stayed, {left}")]


def _response(name: str, figure: Figure) -> Row:
    answered = f"{figure['answered']:,} of {_many(figure['threads'], 'thread')} answered"
    if figure["insufficient"]:
        return (name, TOO_FEW, answered)
    if figure["median_s"] is None:
        return (name, "more than half still wait", answered)
    low, high = figure["interval"] or (None, None)
    spread = f" ({seconds(low)} to {seconds(high) if high is not None else '?'})" if low is not None else ""
    return (name, seconds(figure["median_s"]) + spread, answered)


def _largest(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:4])


def _many(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _warnings(data: Mapping[str, Any]) -> list[str]:
    """What a reader must know before trusting the numbers."""
    found = []
    if simulated := data["by_platform"].get("demo", 0):
        part = "All of it is" if simulated == data["posts"] else f"{_many(simulated, 'post')} of it are"
        found.append(f"{part} simulated, by the demo source.")
    if data["missing"]:
        found.append(f"Share of voice is without {', '.join(data['missing'])}: no answer from there.")
    for gap in data["gaps"]:
        found.append(f"{gap['source']} missed {gap['start']} to {gap['end']} for good: {gap['reason']}")
    return found
