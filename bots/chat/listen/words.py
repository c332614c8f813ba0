"""What the bot says itself, in the words of a room: English or Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.language import Lang

SPANISH: Final = frozenset(
    {
        "pulso", "voz", "salud", "circulos", "círculos", "fuentes", "estado", "ayuda",
        "porque", "porqué", "silencia", "silenciar", "silencio", "silencios", "enterado", "enterada", "visto", "vista",
        "vigila", "vigilar", "sigue", "seguir", "resumen", "olvida", "olvidar",
        "influyentes", "embudo", "mensaje",
    }
)  # fmt: skip
"""Question words that are Spanish."""

_SAYINGS: Final[Mapping[str, Mapping[Lang, str]]] = {
    "away": {
        "en": "The service does not answer just now. Please ask again in a few minutes.",
        "es": "El servicio no responde en este momento. Vuelve a preguntar en unos minutos, por favor.",
    },
    "broken": {
        "en": "That went wrong here, and the log says why. Please tell whoever runs this bot.",
        "es": "Algo ha fallado aquí, y el registro dice por qué. Avisa a quien mantiene este bot, por favor.",
    },
    "too long": {
        "en": "That took too long to work out. A shorter window may help.",
        "es": "Ha tardado demasiado en calcularse. Una ventana más corta puede ayudar.",
    },
    "haste": {
        "en": "That is many questions at once. The next ones are answered in a minute.",
        "es": "Son muchas preguntas seguidas. Las próximas se responden dentro de un minuto.",
    },
    "not allowed": {
        "en": "`{word}` changes something, and you are not among those who may: ask whoever runs this bot.",
        "es": "`{word}` cambia algo, y no estás entre quienes pueden hacerlo: pregunta a quien mantiene este bot.",
    },
    "sure": {
        "en": "All posts of {what} go for good, and none is collected again. If that is meant: forget {what} yes",
        "es": (
            "Todas las publicaciones de {what} se borran para siempre, y no se recoge ninguna más. "
            "Si es lo que quieres: olvida {what} sí"
        ),
    },
    "forgotten": {
        "en": "All posts of {what} are gone, and none is collected again.",
        "es": "Todas las publicaciones de {what} se han borrado, y no se recoge ninguna más.",
    },
    "forgetting": {
        "en": "The order to forget {what} stands; {to_go} of {partitions} partitions have not confirmed it yet.",
        "es": "La orden de olvidar a {what} está dada; {to_go} de {partitions} particiones no la han confirmado aún.",
    },
    "watched": {
        "en": "From now on this room is told of {what}. No longer: watch {words} off",
        "es": "Desde ahora se avisa aquí de {what}. Para dejarlo: vigila {words} off",
    },
    "watched already": {"en": "This room is told of {what} already.", "es": "Aquí ya se avisa de {what}."},
    "unwatched": {"en": "This room is no longer told of {what}.", "es": "Aquí ya no se avisa de {what}."},
    "not watched": {"en": "This room was not told of {what}.", "es": "Aquí no se avisaba de {what}."},
    "watches": {"en": "What this room has asked to be told of", "es": "De qué se avisa en esta sala"},
    "no watches": {
        "en": "This room has asked for nothing. It is written: watch BRAND [KIND]",
        "es": "Aquí no se ha pedido ningún aviso. Se escribe: vigila MARCA [TIPO]",
    },
    "everything": {"en": "every alert of {brand}", "es": "todas las alertas de {brand}"},
    "one kind": {"en": "{kind} of {brand}", "es": "{kind} de {brand}"},
    "by": {"en": "asked for by {by} on {at}", "es": "pedido por {by} el {at}"},
    "questions": {"en": "What you can ask", "es": "Qué se puede preguntar"},
    "window": {
        "en": "WINDOW is 15m, 24h (usual), 7d, 2w …; small typing errors are forgiven.",
        "es": "WINDOW es 15m, 24h (lo normal), 7d, 2w …; se perdonan pequeñas erratas.",
    },
}

HELP_ES: Final[Mapping[str, str]] = {
    "pulse": "publicaciones, autores, sentimiento y quién habla con quién (también: pulso)",
    "voice": "cuota de conversación entre las marcas de un grupo (voz)",
    "health": "cómo está la comunidad y qué se ha movido (salud)",
    "circles": "quién habla con quién, y de qué (círculos)",
    "sources": "las redes: estado, último suceso y lagunas (fuentes)",
    "status": "si el servicio está bien, marca a marca (estado)",
    "why": "por qué saltó una alerta (porqué)",
    "silence": "no avisar de algo durante un tiempo (silencia)",
    "ack": "darse por enterado de una alerta (enterado)",
    "watch": "avisar aquí de las alertas de una marca; `off` lo deja (vigila)",
    "digest": "el resumen del día de una marca (resumen)",
    "forget": "borrar para siempre todo lo de un autor (olvida)",
    "help": "esta lista (ayuda)",
}


def say(which: str, lang: Lang, **parts: object) -> str:
    """The saying, with its parts filled in."""
    return _SAYINGS[which][lang].format(**parts)
