"""The catalogue of answers in Spanish: what a sheet says in English, and the same in Spanish.

`{}` stands for what is left as it is, `<>` for something that stands in the catalogue itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bots.commands.spanish_mistakes import MISTAKES

LABELS: Final[Mapping[str, str]] = {
    "net sentiment": "sentimiento neto",
    "… corrected": "… corregido",
    "share of voice": "cuota de conversación",
    "among themselves": "entre ellos",
    "threads without the brand": "hilos sin la marca",
    "reciprocity": "reciprocidad",
    "unevenness": "desigualdad",
    "people": "personas",
    "retention": "retención",
    "first response": "primera respuesta",
    "response by the brand": "respuesta de la marca",
    "where": "dónde",
    "circle": "círculo",
    "posts": "publicaciones",
    "stays inside": "queda dentro",
    "words": "palabras",
    "around": "en torno a",
    "now": "ahora",
    "beside its past": "frente a su pasado",
    "in its group": "en su grupo",
    "since the window before": "desde la ventana anterior",
    "regulars": "habituales",
    "advocates": "defensores",
    "threads answered": "hilos respondidos",
    "depth of threads": "profundidad de los hilos",
    "virality": "viralidad",
    "core (k)": "núcleo (k)",
    "fragmentation": "fragmentación",
    "self-organised ground": "terreno autoorganizado",
    "service": "servicio",
    "brands here": "marcas aquí",
    "brands elsewhere": "marcas en otra parte",
    "sources": "fuentes",
    "alerts": "alertas",
}
"""Names of rows and columns."""

PHRASES: Final[Mapping[str, str]] = {
    "Sources": "Fuentes",
    "Status": "Estado",
    # states
    "ready": "listo",
    "not ready: partitions are being recovered or moved": "no está listo: se recuperan o mueven particiones",
    "starting": "arrancando",
    "live": "en directo",
    "retrying": "reintentando",
    "silent": "en silencio",
    "stopped": "parado",
    "misconfigured": "mal configurado",
    "finished": "terminado",
    "none": "ninguna",
    "nothing yet": "nada todavía",
    "No source has reported yet.": "Ninguna fuente ha informado todavía.",
    # figures
    "too few to say": "muy pocos para decirlo",
    "not yet": "todavía no",
    "more than half still wait": "más de la mitad sigue esperando",
    "no whole window before": "sin ventana anterior completa",
    "{}, no interval": "{}, sin intervalo",
    "▲ good {} ({} to {})": "▲ a mejor {} (de {} a {})",
    "▼ good {} ({} to {})": "▼ a mejor {} (de {} a {})",
    "▲ bad {} ({} to {})": "▲ a peor {} (de {} a {})",
    "▼ bad {} ({} to {})": "▼ a peor {} (de {} a {})",
    "{} ({} to {})": "{} (de {} a {})",
    "<>: too few": "<>: muy pocas",
    "{} (1 window)": "{} (1 ventana)",
    "{} ({} windows)": "{} ({} ventanas)",
    "{} of {} brands": "{} de {} marcas",
    "{} of {} interactions": "{} de {} interacciones",
    "{} of {} stayed, {} left": "{} de {} siguen, {} se fueron",
    "{} of 1 thread answered": "{} de 1 hilo respondido",
    "{} of {} threads answered": "{} de {} hilos respondidos",
    "{} of {}": "{} de {}",
    "{} positive, {} neutral, {} negative": "{} positivas, {} neutras, {} negativas",
    "for the classifier's known errors, in {}": "según los errores conocidos del clasificador, en {}",
    "1 author wrote half of it": "1 autor escribió la mitad",
    "{} authors wrote half of it": "{} autores escribieron la mitad",
    "{} new, {} seen before": "{} nuevas, {} ya vistas",
    "<> of posts": "<> de las publicaciones",
    "<> of authors": "<> de los autores",
    "<> of threads": "<> de los hilos",
    "1 post": "1 publicación",
    "{} posts": "{} publicaciones",
    "1 author": "1 autor",
    "{} authors": "{} autores",
    "1 person": "1 persona",
    "{} people": "{} personas",
    "1 circle": "1 círculo",
    "{} circles": "{} círculos",
    "1 interaction": "1 interacción",
    "{} interactions": "{} interacciones",
    "{} ties": "{} lazos",
    "1 window": "1 ventana",
    "{} windows": "{} ventanas",
    "{} events": "{} sucesos",
    "1 gap": "1 laguna",
    "{} gaps": "{} lagunas",
    "{} ago": "hace {}",
    "{}, all well": "{}, todo bien",
    "{}; none has reported": "{}; ninguna ha informado",
    # titles
    "{}, {}: nobody has spoken.": "{}, {}: nadie ha hablado.",
    "{}, {}: <> by <>": "{}, {}: <> de <>",
    "Share of voice in {}, {}": "Cuota de conversación en {}, {}",
    "{}, {}: <> in <>, modularity {}": "{}, {}: <> en <>, modularidad {}",
    "{}: too few talk with each other to make circles (<> between <>).": (
        "{}: muy pocos hablan entre sí para formar círculos (<> entre <>)."
    ),
    "{}, {}: {} of {} numbers moved beyond chance": "{}, {}: {} de {} números se movieron más allá del azar",
    # notes
    "All of it is simulated, by the demo source.": "Todo es simulado, por la fuente demo.",
    "1 post of it are simulated, by the demo source.": "1 publicación es simulada, por la fuente demo.",
    "<> of it are simulated, by the demo source.": "<> son simuladas, por la fuente demo.",
    "Share of voice is without {}: no answer from there.": "La cuota de conversación no incluye {}: no responde.",
    "{} missed {} to {} for good: {}": "{} perdió para siempre lo de {} a {}: {}",
    "{} missed {} to {}: {}": "{} perdió lo de {} a {}: {}",
    "Not counted, because its worker does not answer: {}": "Sin contar, porque su proceso no responde: {}",
    "{} of {} ties join two circles.": "{} de {} lazos unen dos círculos.",
    "Between circles: {}.": "Entre círculos: {}.",
    "Not listed: <> more, of <> in all.": "Sin listar: <> más, de <> en total.",
    "People and ties: all until {}, half as heavy every {} days. As of {}.": (
        "Personas y lazos: todos hasta {}, la mitad de peso cada {} días. A fecha de {}."
    ),
    "Approximate: the weakest {} people and {} ties are left out, {} % of the weight.": (
        "Aproximado: faltan las {} personas y los {} lazos más débiles, el {} % del peso."
    ),
    "Without <> with the brand's own accounts.": "Sin <> con las cuentas propias de la marca.",
    "Bars: how many of {} earlier windows are lower, in percent; high is not always good. There is no single score.": (
        "Barras: cuántas de {} ventanas anteriores son más bajas, en tanto por ciento; alto no siempre es bueno. "
        "No hay una nota única."
    ),
    "Bars: how many of 1 earlier window are lower, in percent; high is not always good. There is no single score.": (
        "Barras: si la única ventana anterior es más baja; alto no siempre es bueno. No hay una nota única."
    ),
    "Circles: <>.": "Círculos: <>.",
    "the circles are still being worked out; ask again in a few seconds": (
        "los círculos se están calculando; vuelve a preguntar en unos segundos"
    ),
    "The group is without {}: no answer from there.": "El grupo no incluye {}: no responde.",
    **MISTAKES,
}
