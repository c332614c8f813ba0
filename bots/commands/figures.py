"""How the API's figures are written: `62 % (55 to 69)`, or plainly that there is too little to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TOO_FEW = "too few to say"
Figure = Mapping[str, Any]


def percent(figure: Figure, key: str = "share") -> str:
    """A share with its interval."""
    return _with_interval(figure, figure.get(key), lambda value: f"{100 * value:.0f}", " %")


def points(figure: Figure, key: str = "net") -> str:
    """A net sentiment on -100 … +100 with its interval."""
    return _with_interval(figure, figure.get(key), lambda value: f"{100 * value:+.0f}", "")


def number(figure: Figure, key: str) -> str:
    """A coefficient with two digits."""
    return _with_interval(figure, figure.get(key), lambda value: f"{value:.2f}", "")


def parts(figure: Figure) -> str:
    """What a share is of."""
    return f"{figure['count']:,} of {figure['total']:,}"


def seconds(value: float | None) -> str:
    """A length of time in one unit."""
    if value is None:
        return "not yet"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if value >= 1.5 * size:
            return f"{value / size:.1f} {unit}" if unit != "min" else f"{value / size:.0f} min"
    return f"{value:.0f} s"


def _with_interval(figure: Figure, value: Any, write: Any, unit: str) -> str:
    if figure.get("insufficient") or value is None:
        return TOO_FEW
    interval = figure.get("interval")
    spread = f" ({write(interval[0])} to {write(interval[1])})" if interval else ""
    return f"{write(value)}{unit}{spread}"
