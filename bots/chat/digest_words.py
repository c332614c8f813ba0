"""A digest in English or Spanish: a part for each brand, with how much was said, how, and what stood out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from bots.chat.document import Document, Part
from bots.chat.wording import title
from config.language import Lang
from config.units import format_duration
from streams.records import Alert

Answer = Mapping[str, Any]
MOST_ALERTS: Final = 5
MOST_SENTENCES: Final = 4


class Day(Protocol):
    """One brand's answers (`bots/chat/digest_asking.py`)."""

    @property
    def title(self) -> str: ...
    @property
    def pulse(self) -> Answer: ...
    @property
    def before(self) -> Answer: ...
    @property
    def health(self) -> Answer | str: ...
    @property
    def alerts(self) -> Sequence[Alert]: ...


_WORDS: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "title": "📰 The last {window}, to {to}",
        "silence": "Nobody has spoken.",
        "posts": "{posts} by {authors}; in the {window} before: {before}",
        "post": "{n} post",
        "posts_": "{n} posts",
        "author": "{n} author",
        "authors_": "{n} authors",
        "sentiment": "Net sentiment: {value}",
        "voice": "Share of voice: {value}",
        "peers": "Among themselves: {value}",
        "few": "too few to say",
        "no_health": "Health: no answer ({reason})",
        "no_alerts": "No alerts.",
        "alerts": "Alerts: {n}",
        "more": "… and {n} more",
        "simulated": "All or part of this is simulated, by the demo source.",
    },
    "es": {
        "title": "📰 Resumen de {window}, hasta {to}",
        "silence": "Nadie ha hablado.",
        "posts": "{posts} de {authors}; en los {window} anteriores: {before}",
        "post": "{n} publicación",
        "posts_": "{n} publicaciones",
        "author": "{n} autor",
        "authors_": "{n} autores",
        "sentiment": "Sentimiento neto: {value}",
        "voice": "Cuota de voz: {value}",
        "peers": "Entre ellos: {value}",
        "few": "muy pocos para decirlo",
        "no_health": "Salud: sin respuesta ({reason})",
        "no_alerts": "Sin alertas.",
        "alerts": "Alertas: {n}",
        "more": "… y {n} más",
        "simulated": "Todo o parte de esto es simulado, por la fuente de demostración.",
    },
}


def of_brands(days: Sequence[Day], window: timedelta, to: datetime, lang: Lang) -> Document:
    """The document; of one brand or many."""
    length = format_duration(window)
    title = _WORDS[lang]["title"].format(window=length, to=f"{to:%Y-%m-%d %H:%M %Z}".strip())
    return Document(title, tuple(Part(day.title, tuple(_lines(day, length, lang))) for day in days))


def _lines(day: Day, window: str, lang: Lang) -> Iterator[str]:
    words, pulse = _WORDS[lang], day.pulse
    if pulse["posts"]:
        before = _count(day.before["posts"], "post", lang)
        posts, authors = _count(pulse["posts"], "post", lang), _count(pulse["authors"], "author", lang)
        yield words["posts"].format(posts=posts, authors=authors, window=window, before=before)
        yield words["sentiment"].format(value=_figure(pulse["sentiment"], "net", lambda net: f"{100 * net:+.0f}", lang))
        yield words["voice"].format(value=_figure(pulse["share_of_voice"]["by_posts"], "share", _percent, lang))
        yield words["peers"].format(value=_figure(pulse["peer_share"], "share", _percent, lang))
        yield from _health(day.health, lang)
    else:
        yield words["silence"]
    yield from _alerts(day, lang)
    if pulse["by_platform"].get("demo"):
        yield words["simulated"]


def _health(health: Answer | str, lang: Lang) -> Iterator[str]:
    if isinstance(health, str):
        yield _WORDS[lang]["no_health"].format(reason=health)
    else:
        yield from health["summary"]["sentences"][:MOST_SENTENCES]


def _alerts(day: Day, lang: Lang) -> Iterator[str]:
    words, alerts = _WORDS[lang], day.alerts
    yield words["alerts"].format(n=len(alerts)) if alerts else words["no_alerts"]
    yield from (f"· {title(alert, lambda _: day.title, lang)}" for alert in alerts[:MOST_ALERTS])
    if len(alerts) > MOST_ALERTS:
        yield words["more"].format(n=len(alerts) - MOST_ALERTS)


def _count(number: int, unit: str, lang: Lang) -> str:
    return _WORDS[lang][unit if number == 1 else f"{unit}s_"].format(n=_thousands(f"{number:,}", lang))


def _figure(figure: Answer, key: str, write: Callable[[float], str], lang: Lang) -> str:
    value = figure.get(key)
    if figure.get("insufficient") or value is None:
        return _WORDS[lang]["few"]
    interval = figure.get("interval")
    return write(value) + (f" ({write(interval[0])} … {write(interval[1])})" if interval else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _thousands(number: str, lang: Lang) -> str:
    """Spain writes 1.234 and 1234 alike; a point is read as thousands there."""
    return number.replace(",", ".") if lang == "es" else number
