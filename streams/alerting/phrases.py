"""The sentences of alerts, by language and kind. `{…}` are filled in by `words.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.language import Lang

FIRING: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {
        "volume-spike": "{brand}: {value} posts in {window}, usually about {usual}",
        "volume-drop": "{brand}: only {value} posts in {window}, usually about {usual}",
        "threshold-up": "{brand}: {number} {value} in {window}, above {usual}",
        "threshold-down": "{brand}: {number} {value} in {window}, below {usual}",
        "change-up": "{brand}: {number} up to {value} in {window}, usually about {usual}",
        "change-down": "{brand}: {number} down to {value} in {window}, usually about {usual}",
        "sentiment-turn-up": "{brand}: sentiment up to {value} in {window}, usually about {usual}",
        "sentiment-turn-down": "{brand}: sentiment down to {value} in {window}, usually about {usual}",
        "voice-loss": "{brand}: only {value} of its group's voice in {window}, usually about {usual}",
        "crisis": "{brand}: crisis, {value} the usual: {negative} negative posts in {window}, usually about {ordinary}",
        "new-voice": "{brand}: {who} is new among those most people turn to: {value} people in {window}",
        "circle-split": "{brand}: circle {subject} has split: {left} people now talk by themselves, as {new}",
        "message-turn-up": "{brand}: sentiment about {about} up to {value} in {window}, usually about {usual}",
        "message-turn-down": "{brand}: sentiment about {about} down to {value} in {window}, usually about {usual}",
        "source-trouble": "{source} is {state} for {length}{reason}",
        "source-gap": "{source} has a gap of {length} up to {until} UTC{reason}",
    },
    "es": {
        "volume-spike": "{brand}: {value} publicaciones en {window}, lo habitual son unas {usual}",
        "volume-drop": "{brand}: solo {value} publicaciones en {window}, lo habitual son unas {usual}",
        "threshold-up": "{brand}: {number} {value} en {window}, por encima de {usual}",
        "threshold-down": "{brand}: {number} {value} en {window}, por debajo de {usual}",
        "change-up": "{brand}: {number} sube a {value} en {window}, lo habitual es {usual}",
        "change-down": "{brand}: {number} baja a {value} en {window}, lo habitual es {usual}",
        "sentiment-turn-up": "{brand}: el sentimiento sube a {value} en {window}, lo habitual es {usual}",
        "sentiment-turn-down": "{brand}: el sentimiento baja a {value} en {window}, lo habitual es {usual}",
        "voice-loss": "{brand}: solo {value} de la voz de su grupo en {window}, lo habitual es {usual}",
        "crisis": "{brand}: crisis, {value} lo habitual: {negative} publicaciones negativas en {window}, lo habitual "
        "son unas {ordinary}",
        "new-voice": "{brand}: {who} es nuevo entre aquellos a quienes más gente se dirige: {value} personas en "
        "{window}",
        "circle-split": "{brand}: el círculo {subject} se ha dividido: {left} personas hablan ahora aparte, como {new}",
        "message-turn-up": "{brand}: el sentimiento sobre {about} sube a {value} en {window}, lo habitual es {usual}",
        "message-turn-down": "{brand}: el sentimiento sobre {about} baja a {value} en {window}, lo habitual es {usual}",
        "source-trouble": "{source}: {state} desde hace {length}{reason}",
        "source-gap": "A {source} le faltan {length} hasta el {until} UTC{reason}",
    },
}

RESOLVED: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {
        "volume-spike": "{brand}: back to at most {value} posts in {window}, usually about {usual}",
        "volume-drop": "{brand}: back to {value} posts in {window}, usually about {usual}",
        "threshold": "{brand}: {number} back at {value} in {window}",
        "change": "{brand}: {number} back at {value} in {window}, usually about {usual}",
        "sentiment-turn": "{brand}: sentiment back at {value} in {window}, usually about {usual}",
        "voice-loss": "{brand}: back at {value} of its group's voice in {window}, usually about {usual}",
        "crisis": "{brand}: the crisis is over, {negative} negative posts in {window}, usually about {ordinary}",
        "new-voice": "{brand}: {who} is no longer among those most people turn to, or no longer new",
        "circle-split": "{brand}: circle {subject}: its split is no longer new, or they talk with each other again",
        "message-turn": "{brand}: sentiment about {about} back at {value} in {window}, usually about {usual}",
        "source-trouble": "{source} tells again",
        "source-gap": "{source}: the gap is more than {length} old",
        "untold": "{brand}: too little is said to go on judging {number}",
        "unwatched": "{brand}: no longer watched by this rule",
        "forgotten": "{brand}: the account this was about has gone",
    },
    "es": {
        "volume-spike": "{brand}: de vuelta a {value} publicaciones como mucho en {window}, lo habitual son unas "
        "{usual}",
        "volume-drop": "{brand}: de vuelta a {value} publicaciones en {window}, lo habitual son unas {usual}",
        "threshold": "{brand}: {number} de vuelta a {value} en {window}",
        "change": "{brand}: {number} de vuelta a {value} en {window}, lo habitual es {usual}",
        "sentiment-turn": "{brand}: el sentimiento vuelve a {value} en {window}, lo habitual es {usual}",
        "voice-loss": "{brand}: de vuelta a {value} de la voz de su grupo en {window}, lo habitual es {usual}",
        "crisis": "{brand}: la crisis ha pasado, {negative} publicaciones negativas en {window}, lo habitual son unas "
        "{ordinary}",
        "new-voice": "{brand}: {who} ya no está entre aquellos a quienes más gente se dirige, o ya no es nuevo",
        "circle-split": "{brand}: círculo {subject}: su división ya no es nueva, o vuelven a hablar entre sí",
        "message-turn": "{brand}: el sentimiento sobre {about} vuelve a {value} en {window}, lo habitual es {usual}",
        "source-trouble": "{source} vuelve a responder",
        "source-gap": "{source}: la laguna tiene más de {length}",
        "untold": "{brand}: se dice demasiado poco para seguir juzgando {number}",
        "unwatched": "{brand}: esta regla ya no lo vigila",
        "forgotten": "{brand}: la cuenta de la que se trataba ya no está",
    },
}

REASONS: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {
        "ordinary": "95 % of such windows bring {low} to {high}.",
        "own": "The number lies between {low} and {high} (95 %).",
        "own-from": "The number is surely more than {low} (97.5 %).",
        "p": "An ordinary window brings this with a probability of {p}.",
        "p-threshold": "The probability that it is not beyond the level is {p}.",
        "q": "Of alerts told at such a level at most {q} are expected to be false.",
        "authors": "Most of it is from {names}.",
        "author": "{name} ({posts} posts, {share})",
        "circle": "Circle {name}{words}: {share} of the posts.",
        "crisis": "Volume {volume}, reach {reach}, speed {speed} the usual; together between {low} and {high} (95 %).",
        "new-voice": "Number {place} of those people turn to: {share} of the {people} who turned to anybody "
        "({low} to {high}, 95 %).",
        "circle-split": "Of {ties} ties between the two parts {value} cross ({low} to {high}, 95 %); by chance "
        "{usual} would. {stayed} people stayed.",
        "message-turn": "Posts that hold one of the words only; the number `message` will replace this.",
    },
    "es": {
        "ordinary": "El 95 % de tales ventanas traen de {low} a {high}.",
        "own": "El número está entre {low} y {high} (95 %).",
        "own-from": "El número es con seguridad mayor que {low} (97,5 %).",
        "p": "Una ventana ordinaria trae esto con una probabilidad de {p}.",
        "p-threshold": "La probabilidad de que no pase del nivel es de {p}.",
        "q": "De las alertas que se cuentan a tal nivel se espera que como mucho el {q} sean falsas.",
        "authors": "La mayor parte es de {names}.",
        "author": "{name} ({posts} publicaciones, {share})",
        "circle": "Círculo {name}{words}: {share} de las publicaciones.",
        "crisis": "Volumen {volume}, alcance {reach}, velocidad {speed} lo habitual; juntos entre {low} y {high} "
        "(95 %).",
        "new-voice": "Número {place} de aquellos a quienes la gente se dirige: {share} de las {people} personas que se "
        "dirigieron a alguien ({low} a {high}, 95 %).",
        "circle-split": "De {ties} lazos entre las dos partes cruzan {value} ({low} a {high}, 95 %); por azar serían "
        "{usual}. Se quedaron {stayed} personas.",
        "message-turn": "Solo las publicaciones con una de las palabras; el número `message` sustituirá a este.",
    },
}

STATES: Final[Mapping[Lang, Mapping[str, str]]] = {
    "en": {"silent": "silent", "retrying": "retrying", "misconfigured": "misconfigured"},
    "es": {"silent": "en silencio", "retrying": "reintentando", "misconfigured": "mal configurada"},
}
