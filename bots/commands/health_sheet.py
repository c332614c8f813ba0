"""`health` as a sheet: a bar for the place in the brand's own past, and what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bots.commands.figures import TOO_FEW, seconds
from bots.commands.sheet import Sheet

Row = tuple[str, ...]
Component = Mapping[str, Any]
CELLS: Final = 10
_NAMES: Final = {
    "people": "people",
    "retention": "retention",
    "regulars": "regulars",
    "advocates": "advocates",
    "peer_share": "among themselves",
    "reciprocity": "reciprocity",
    "answered": "threads answered",
    "first_response": "first response",
    "depth": "depth of threads",
    "virality": "virality",
    "core": "core (k)",
    "unevenness": "unevenness",
    "fragmentation": "fragmentation",
    "threads_without_brand": "threads without the brand",
    "self_organised": "self-organised ground",
}


def health_sheet(title: str, window: str, data: Mapping[str, Any], notes: Sequence[str]) -> Sheet:
    """One row per component; sentences, and what the bars mean, below."""
    head = ("", "now", "beside its past", "in its group", "since the window before")
    rows = [_component(name, each) for name, each in data["components"].items()]
    moved, tested = len(data["moved"]), data["tested"]
    headline = f"{title}, {window}: {moved} of {tested} numbers moved beyond chance"
    return Sheet(headline, rows, head, [*data["summary"]["sentences"], *_notes(data), *notes])


def _component(name: str, each: Component) -> Row:
    return (
        _NAMES.get(name, name),
        _now(each["now"], each["unit"]),
        _bar(each["history"]),
        _place(each["group"]),
        _change(each),
    )


def _now(figure: Component, unit: str) -> str:
    if figure["unreached"]:
        return "more than half still wait"
    if figure["value"] is None:
        return TOO_FEW
    if figure["interval"] is None:
        return _written(figure["value"], unit)
    low, high = figure["interval"]
    return f"{_written(figure['value'], unit)} ({_written(low, unit)} to {_written(high, unit)})"


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "?"
    match unit:
        case "share":
            return f"{100 * value:.0f} %"
        case "seconds":
            return seconds(value)
        case "index":
            return f"{value:.2f}"
        case _:
            return f"{value:,g}"


def _bar(place: Component) -> str:
    """Ten cells, full up to the percentile."""
    if place["percentile"] is None:
        return f"{_windows(place['of'])}: too few"
    full = round(place["percentile"] / 100 * CELLS)
    return f"{'█' * full}{'░' * (CELLS - full)} {place['percentile']:3.0f} ({_windows(place['of'])})"


def _windows(count: int, earlier: str = "") -> str:
    return f"{count} {earlier}{'window' if count == 1 else 'windows'}"


def _place(place: Component) -> str:
    return "" if place["percentile"] is None else f"{place['percentile']:.0f} of {place['of'] + 1} brands"


def _change(each: Component) -> str:
    change, unit = each["change"], each["unit"]
    if change is None:
        return "no whole window before"
    if change["difference"] is None:
        return ""
    difference = _difference(change["difference"], unit)
    if change["interval"] is None:
        return f"{difference}, no interval"
    low, high = (_difference(end, unit) for end in change["interval"])
    return f"{_mark(each)}{difference} ({low} to {high})"


def _mark(each: Component) -> str:
    """An arrow when it is a real move, and whether that is good."""
    change = each["change"]
    if not change["real"]:
        return ""
    up = change["difference"] > 0
    good = {"neither": ""}.get(each["better"], "good " if up == (each["better"] == "more") else "bad ")
    return f"{'▲' if up else '▼'} {good}"


def _difference(value: float | None, unit: str) -> str:
    if value is None:
        return "?"
    if unit == "share":
        return f"{100 * value:+.1f}"
    if unit == "seconds":
        return f"{'-' if value < 0 else '+'}{seconds(abs(value))}"
    return f"{value:+.2f}" if unit == "index" else f"{value:+,.0f}"


def _notes(data: Mapping[str, Any]) -> list[str]:
    found = [
        f"Bars: how many of {_windows(data['windows'], 'earlier ')} are lower, in percent; high is not always good. "
        "There is no single score."
    ]
    if data["summary"]["note"]:
        found.append(f"({data['summary']['note']})")
    if data["circles_missing"]:
        found.append(f"Circles: {data['circles_missing']}.")
    if data["missing"]:
        found.append(f"The group is without {', '.join(data['missing'])}: no answer from there.")
    found += [
        f"{gap['source']} missed {gap['start']} to {gap['end']} for good: {gap['reason']}" for gap in data["gaps"]
    ]
    return found
