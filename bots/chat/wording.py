"""What a message says of alerts, in English or Spanish: a title for the group, and a part for each alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from bots.chat.document import Document, Part, Quote
from config.language import Lang
from streams.alerting import words
from streams.records import Alert

Display = Callable[[str], str]
"""A brand's name as people read it, by its short name."""
FIRING: Final = "🔺"
OVER: Final = "✅"
_OTHER_DETAILS: Final = (KeyError, ValueError, TypeError)
"""How the words of a kind fail on an alert that another version raised, with other details."""
_COUNTS: Final = {
    "en": ("{n} alert", "{n} alerts", "{n} over", "{n} over"),
    "es": ("{n} alerta", "{n} alertas", "{n} terminada", "{n} terminadas"),
}
_MORE: Final = {"en": "… and {n} more", "es": "… y {n} más"}
_SINCE: Final = {"en": "since {start}", "es": "desde {start}"}
_FROM_TO: Final = {"en": "from {start} to {end}", "es": "de {start} a {end}"}
_LOST: Final = {
    "en": (
        "{n} message before this one could not be delivered.",
        "{n} messages before this one could not be delivered.",
    ),
    "es": (
        "No se pudo entregar {n} mensaje anterior a este.",
        "No se pudieron entregar {n} mensajes anteriores a este.",
    ),
}


def of_alerts(
    firing: Sequence[Alert],
    over: Sequence[Alert],
    labels: Sequence[tuple[str, str]],
    display: Display,
    lang: Lang,
    most: int,
) -> Document:
    """What fires first, then what is over; `most` of them in full, the others are counted."""
    alerts = [*firing, *over]
    if len(alerts) == 1:
        part = _part(alerts[0], display, lang)
        return Document(part.title, (Part("", part.lines, part.quotes),))
    parts = [_part(alert, display, lang) for alert in alerts[:most]]
    if len(alerts) > most:
        parts.append(Part("", (_MORE[lang].format(n=len(alerts) - most),)))
    return Document(_headline(len(firing), len(over), labels, display, lang), tuple(parts))


def with_lost(document: Document, lost: int, lang: Lang) -> Document:
    """The document, saying how many messages before it did not get through: first, for what comes last may not fit."""
    if not lost:
        return document
    one, many = _LOST[lang]
    said = Part("", ((one if lost == 1 else many).format(n=lost),))
    return Document(document.title, (said, *document.parts), document.link)


def title(alert: Alert, display: Display, lang: Lang) -> str:
    """What happened, in a line; where the words are gone, or of another version, the rule."""
    brand = display(alert.brand)
    try:
        return words.title(alert, brand, lang) or f"{brand}: {alert.rule}"
    except _OTHER_DETAILS:
        return alert.title or f"{brand}: {alert.rule}"


def time(at: datetime) -> str:
    """`2026-11-27 12:10 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _headline(firing: int, over: int, labels: Sequence[tuple[str, str]], display: Display, lang: Lang) -> str:
    """`🔺 Fairphone: 3 alerts, 1 over`."""
    one, many, one_over, many_over = _COUNTS[lang]
    counts = [(one if firing == 1 else many).format(n=firing)] if firing else []
    counts += [(one_over if over == 1 else many_over).format(n=over)] if over else []
    whose = " · ".join(display(value) if name == "brand" else value for name, value in labels)
    return f"{FIRING if firing else OVER} {whose}{': ' if whose else ''}{', '.join(counts)}"


def _part(alert: Alert, display: Display, lang: Lang) -> Part:
    sign = FIRING if alert.state == "firing" else OVER
    lines = (*_reasons(alert, lang), _times(alert, lang))
    return Part(f"{sign} {title(alert, display, lang)}", lines, tuple(_quotes(alert)))


def _quotes(alert: Alert) -> Iterator[Quote]:
    """The posts behind it; none once it is over."""
    if alert.state == "firing":
        for post in alert.evidence:
            yield Quote(post.get("text", ""), post.get("url", ""))


def _reasons(alert: Alert, lang: Lang) -> Sequence[str]:
    """Why it was told; none once it is over."""
    try:
        return words.reasons(alert, lang) if alert.state == "firing" else ()
    except _OTHER_DETAILS:
        return ()


def _times(alert: Alert, lang: Lang) -> str:
    start = time(alert.started_at)
    if alert.state == "firing":
        return _SINCE[lang].format(start=start)
    return _FROM_TO[lang].format(start=start, end=time(alert.ended_at or alert.at))
