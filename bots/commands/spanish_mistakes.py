"""The part of the catalogue (`bots/commands/spanish.py`) that says what was not understood, or cannot be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MISTAKES: Final[Mapping[str, str]] = {
    "{} is none of the questions: {}. `help` explains them.": (
        "{} no es ninguna de las preguntas: {}. `ayuda` las explica."
    ),
    "{} cannot be asked in this version of Tertulia yet": (
        "{} no se puede preguntar todavía en esta versión de Tertulia"
    ),
    "the question is longer than {} characters": "la pregunta tiene más de {} caracteres",
    "more than one window; it is written: {}": "más de una ventana; se escribe: {}",
    "`{}` takes nothing after it, but {} came": "`{}` no lleva nada detrás, pero vino {}",
    "{} is no window; write a number and a unit, such as 90s, 15m, 24h, 7d or 2w": (
        "{} no es una ventana; escribe un número y una unidad, como 90s, 15m, 24h, 7d o 2w"
    ),
    "which one? {}, with one of: {}": "¿cuál? {}, con una de: {}",
    "which one? {}": "¿cuál? {}",
    "which one? There are: {}": "¿cuál? Hay: {}",
    "{} is none of the questions. If {} is meant, please write it out.": (
        "{} no es ninguna de las preguntas. Si quieres decir {}, escríbelo entero."
    ),
    "there is no brand {}. Did you mean {}? Known: {}.": "no hay ninguna marca {}. ¿Querías decir {}? Hay: {}.",
    "there is no brand {}. Known: {}.": "no hay ninguna marca {}. Hay: {}.",
    "there is no alert {}. There are: {}": "no hay ninguna alerta {}. Hay: {}",
    "there is no alert {}. There is: {}": "no hay ninguna alerta {}. Hay: {}",
    "no alert fires now. There are: {}": "ninguna alerta está activa ahora. Hay: {}",
    "no alert fires now. There is: {}": "ninguna alerta está activa ahora. Hay: {}",
    "the alert is over: there is nothing to acknowledge": "la alerta ya terminó: no hay nada que marcar como visto",
    "no alert fires, and none did in the last days": "ninguna alerta está activa, ni lo estuvo en los últimos días",
    "no alert fires now: there is nothing to acknowledge": (
        "ninguna alerta está activa ahora: no hay nada que marcar como visto"
    ),
    # silences
    "which alerts? It is written: {}": "¿qué alertas? Se escribe: {}",
    "which alerts? At least one matcher has to choose, such as {}": (
        "¿qué alertas? Al menos una condición tiene que elegir, como {}"
    ),
    "which silence ends? `silence list` shows their ids; then: silence end ID": (
        "¿qué silencio termina? `silencio lista` muestra sus ids; después: silencio fin ID"
    ),
    "either how long, or until when; it is written: {}": "o cuánto tiempo, o hasta cuándo; se escribe: {}",
    "more than one length; it is written: {}": "más de una duración; se escribe: {}",
    "{} is no length, such as 90m, 2h or 1d; it is written: {}": (
        "{} no es una duración, como 90m, 2h o 1d; se escribe: {}"
    ),
    "{} is no time, such as 2026-11-28T09:00+01:00": "{} no es una fecha con hora, como 2026-11-28T09:00+01:00",
    "{} has no time zone: add Z for UTC, or one such as +01:00": (
        "{} no tiene zona horaria: añade Z para UTC, o una como +01:00"
    ),
    "there is no one silence {}; there are: {}": "no hay un único silencio {}; hay: {}",
    '{} is no brand ({}), and no rule or id of an alert. Or write a matcher, such as severity="warning"': (
        "{} no es ninguna marca ({}), ni la regla o el id de una alerta. También vale una condición, como "
        'severity="warning"'
    ),
    "no alert is of {} at once; for any of them write {}": (
        "ninguna alerta es de {} a la vez; para cualquiera de ellas escribe {}"
    ),
    "there is no label {}; did you mean {}?": "no hay ninguna etiqueta {}; ¿querías decir {}?",
    "there is no label {}; there are: {}": "no hay ninguna etiqueta {}; hay: {}",
    "{} is no matcher; it is written {}": "{} no es una condición; se escribe {}",
    "a silence lasts {} at most": "un silencio dura {} como mucho",
    "the silence would end before it begins": "el silencio terminaría antes de empezar",
    "there are {} silences that hold or will: end some first": (
        "ya hay {} silencios vigentes o por venir: termina antes alguno"
    ),
}
