"""The words of the health sentences in English and Spanish, and how numbers are written in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from streams.views.components import Unit


class Words(msgspec.Struct, frozen=True):
    """One language. `names` are singular and begin a sentence."""

    lang: str
    names: Mapping[str, str]
    rose: str
    fell: str
    move: str  # name, verb, before, now, difference, low, high, verdict
    good: str
    bad: str
    points: str
    open_end: str
    nothing_before: str
    nothing_moved: str  # tested
    by_chance: str  # tested
    highest: str  # names, each with the number of windows
    lowest: str
    circle: str  # words, now, before
    post: str  # link, interactions, authors
    gaps: str
    thousands: str
    decimal: str


EN: Final = Words(
    lang="en",
    names={
        "people": "The number of people",
        "retention": "Retention",
        "regulars": "The share of regulars",
        "advocates": "The share of advocates",
        "peer_share": "The share of talk among people themselves",
        "reciprocity": "Reciprocity",
        "answered": "The share of threads that got an answer",
        "first_response": "The wait for a first response",
        "depth": "The depth of threads",
        "virality": "The virality of threads",
        "core": "The core",
        "unevenness": "Unevenness",
        "fragmentation": "Fragmentation",
        "threads_without_brand": "The share of threads without the brand",
        "self_organised": "The share on self-organised ground",
    },
    rose="rose",
    fell="fell",
    move="{name} {verb} from {before} to {now} ({difference}; 95 %: {low} to {high}){verdict}.",
    good=", which is good",
    bad=", which is bad",
    points=" points",
    open_end="?",
    nothing_before="There is no whole window before this one to compare with yet.",
    nothing_moved="None of the {tested} numbers that can be compared moved beyond chance.",
    by_chance="Of the {tested} numbers that were compared, one in twenty would seem to move by chance alone.",
    highest="Higher than in all earlier windows (so many of them): {names}.",
    lowest="Lower than in all earlier windows (so many of them): {names}.",
    circle="The circle around {words} moved: {now} posts, {before} in the window before.",
    post="Much of the talk hung on {link}: {interactions} interactions, {authors} people.",
    gaps="A network could not be heard for part of the time, which can look like a move.",
    thousands=",",
    decimal=".",
)
ES: Final = Words(
    lang="es",
    names={
        "people": "El número de personas",
        "retention": "La permanencia",
        "regulars": "La parte de habituales",
        "advocates": "La parte de defensores",
        "peer_share": "La parte de la charla entre las propias personas",
        "reciprocity": "La reciprocidad",
        "answered": "La parte de hilos con respuesta",
        "first_response": "La espera hasta la primera respuesta",
        "depth": "La profundidad de los hilos",
        "virality": "La viralidad de los hilos",
        "core": "El núcleo",
        "unevenness": "La desigualdad",
        "fragmentation": "La fragmentación",
        "threads_without_brand": "La parte de hilos sin la marca",
        "self_organised": "La parte en terreno autoorganizado",
    },
    rose="subió",
    fell="bajó",
    move="{name} {verb} de {before} a {now} ({difference}; 95 %: de {low} a {high}){verdict}.",
    good=", lo cual es bueno",
    bad=", lo cual es malo",
    points=" puntos",
    open_end="?",
    nothing_before="Todavía no hay una ventana anterior completa con la que comparar.",
    nothing_moved="De los {tested} números comparables, ninguno se movió más allá del azar.",
    by_chance="De los {tested} números comparados, uno de cada veinte parecería moverse por puro azar.",
    highest="Más alto que en todas las ventanas anteriores (tantas): {names}.",
    lowest="Más bajo que en todas las ventanas anteriores (tantas): {names}.",
    circle="Se movió el círculo en torno a {words}: {now} mensajes, {before} en la ventana anterior.",
    post="Buena parte de la charla giró en torno a {link}: {interactions} interacciones, {authors} personas.",
    gaps="Parte del tiempo no se pudo oír a alguna red, lo que puede parecer un movimiento.",
    thousands=".",
    decimal=",",
)
LANGUAGES: Final = {words.lang: words for words in (EN, ES)}


def number(value: float, digits: int, words: Words) -> str:
    """`1,234.5` or `1.234,5`; a true minus."""
    plain = f"{value:,.{digits}f}".replace("-", "−")
    return plain.translate({ord(","): words.thousands, ord("."): words.decimal})


def written(value: float, unit: Unit, words: Words) -> str:
    """A figure with its unit."""
    match unit:
        case "share":
            return f"{number(100 * value, 0, words)} %"
        case "seconds":
            return _duration(value, words)
        case "index":
            return number(value, 2, words)
        case _:
            return number(value, 0 if value == int(value) else 1, words)


def moved(value: float | None, unit: Unit, words: Words, *, points: bool = True) -> str:
    """A difference with its sign; shares differ by points. None: it is not bounded."""
    if value is None:
        return words.open_end
    sign = "+" if value > 0 else ""
    if unit == "share":
        return sign + number(100 * value, 0 if abs(value) >= 0.1 else 1, words) + (words.points if points else "")
    if unit in ("people", "posts"):
        return sign + number(value, 0 if value == int(value) else 1, words)
    return sign + written(value, unit, words)


def _duration(seconds: float, words: Words) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 1.5 * size:
            return f"{number(seconds / size, 0 if unit == 'min' else 1, words)} {unit}"
    return f"{number(seconds, 0, words)} s"
