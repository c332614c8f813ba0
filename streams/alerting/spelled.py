"""Figures as people read them, in either language."""

from __future__ import annotations

from typing import Final

from config.language import Lang

_LENGTHS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def number(value: float) -> str:
    """A count for people: one decimal below ten, none above."""
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 10 else f"{value:.0f}"


def spelled(value: float, unit: str, lang: Lang = "en") -> str:
    """A value in its unit: `34 %`, `+0.21`, `3.5 h`, `14x`; with a decimal comma in Spanish."""
    return _text(value, unit).replace(".", ",") if lang == "es" else _text(value, unit)


def chance(p: float, lang: Lang = "en") -> str:
    """A probability: `0.3 %`, `1 in 20,000`, `less than 1 in a billion`."""
    if p >= 0.001:
        return spelled(p, "share", lang)
    few = {"en": "less than 1 in a billion", "es": "menos de 1 entre mil millones"}
    if p < 1e-9:
        return few[lang]
    return f"1 in {_round(1 / p):,}" if lang == "en" else f"1 entre {_round(1 / p):,}".replace(",", ".")


def _round(value: float) -> int:
    """Two leading digits."""
    digits: int = 10 ** max(0, len(str(int(value))) - 2)
    return int(value) // digits * digits


def _text(value: float, unit: str) -> str:
    if unit == "share":
        percent = 100 * value
        return f"{percent:.1f}".removesuffix(".0") + " %" if percent < 10 else f"{percent:.0f} %"
    if unit == "net":
        return f"{value:+.2f}"
    if unit == "index":
        return f"{value:.2f}"
    if unit == "times":
        return f"{number(value)}x"
    return _length(value) if unit == "seconds" else number(value)


def _length(seconds: float) -> str:
    for size, name in _LENGTHS:
        if seconds >= 1.5 * size:
            return f"{number(seconds / size)} {name}"
    return f"{number(seconds)} s"
