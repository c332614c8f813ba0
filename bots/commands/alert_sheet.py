"""`why`, `ack` and `silence` as sheets, in English or Spanish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bots.commands.sheet import Sheet
from config.language import Lang, language_of
from streams.alerting.spelled import spelled

Row = Mapping[str, Any]
_ENGLISH: Final = {
    "firing": "fires since {}",
    "resolved": "from {} to {}",
    "state": "state",
    "rule": "rule",
    "value": "now",
    "usual": "usually",
    "silenced": "silenced",
    "acked": "acknowledged",
    "by": "by {}",
    "until": "until {}",
    "over": "ended {}",
    "from": "from {}",
    "episode": "until it is over",
    "gone": "ended with its alert",
    "nobody": "somebody",
    "list": "Silences",
    "none": "Nothing is silenced.",
    "ended": "Ended: {}",
    "made": "Not told any more: {}",
}
_SPANISH: Final = {
    "firing": "activa desde {}",
    "resolved": "de {} a {}",
    "state": "estado",
    "rule": "regla",
    "value": "ahora",
    "usual": "lo habitual",
    "silenced": "silenciada",
    "acked": "vista",
    "by": "por {}",
    "until": "hasta {}",
    "over": "terminó {}",
    "from": "desde {}",
    "episode": "hasta que termine",
    "gone": "terminó con su alerta",
    "nobody": "alguien",
    "list": "Silencios",
    "none": "No hay nada silenciado.",
    "ended": "Terminado: {}",
    "made": "Ya no se avisa de: {}",
}


def _words(lang: str | None) -> Mapping[str, str]:
    return _SPANISH if language_of(lang) == "es" else _ENGLISH


def alert_sheet(data: Row, notes: Sequence[str], lang: str | None = None) -> Sheet:
    """An alert (`GET /api/alerts/{fingerprint}`): its state and figures, the reasons, and the posts it quotes."""
    said, alert = _words(lang), data["alert"]
    rows = [
        (said["state"], *_since(alert, said), alert.get("severity", "warning")),
        *_figures(alert, said, language_of(lang)),
    ]
    if alert.get("silenced"):
        rows.append(_silenced(alert["silenced"], said))
    rows.append((said["rule"], alert["rule"], alert["fingerprint"][:8]))
    quotes = [_quote(post) for post in alert.get("evidence", ())]
    return Sheet(data["title"], _even(rows), notes=[*data["reasons"], *quotes, *notes])


def silence_sheet(data: Row, notes: Sequence[str], lang: str | None = None, *, alert: str = "") -> Sheet:
    """A silence that was made or ended. `alert`: the title of the one that was acknowledged."""
    said = _words(lang)
    title = said["ended" if data["state"] == "expired" else "made"].format(alert or _about(data))
    return Sheet(title, [_silence(data, said)], notes=notes)


def silences_sheet(data: Row, notes: Sequence[str], lang: str | None = None) -> Sheet:
    """All of them, those that hold first."""
    said = _words(lang)
    found = sorted(data["silences"], key=lambda each: each["state"] == "expired")
    if not found:
        return Sheet(said["none"], notes=notes)
    return Sheet(said["list"], [_silence(each, said) for each in found], notes=notes)


def _since(alert: Row, said: Mapping[str, str]) -> tuple[str, ...]:
    started = _time(alert["started_at"])
    if alert["state"] == "firing":
        return (said["firing"].format(started),)
    return (said["resolved"].format(started, _time(alert.get("ended_at") or alert["at"])),)


def _figures(alert: Row, said: Mapping[str, str], lang: Lang) -> list[tuple[str, ...]]:
    """The number now and usually, in its unit; the reasons say the rest."""
    unit = str(alert.get("details", {}).get("unit", "posts"))
    return [
        (said["value"], spelled(alert["value"], unit, lang), alert.get("window", "")),
        (said["usual"], spelled(alert["baseline"], unit, lang)),
    ]


def _silenced(silence: Row, said: Mapping[str, str]) -> tuple[str, ...]:
    kind = said["acked" if silence.get("fingerprint") else "silenced"]
    return (kind, *_who(silence, said))


def _silence(silence: Row, said: Mapping[str, str]) -> tuple[str, ...]:
    who = _who(silence, said)
    return (silence["id"], said["acked"] if silence.get("fingerprint") else _about(silence), *who)


def _who(silence: Row, said: Mapping[str, str]) -> tuple[str, str, str]:
    by = said["by"].format(silence["created_by"] or said["nobody"])
    return (by, _when(silence, said), silence["comment"])


def _when(silence: Row, said: Mapping[str, str]) -> str:
    end = silence.get("ends_at")
    if end is None:
        return said["gone" if silence.get("state") == "expired" else "episode"]
    if silence.get("state") == "expired":
        return said["over"].format(_time(end))
    until = said["until"].format(_time(end))
    return f"{said['from'].format(_time(silence['starts_at']))} {until}" if silence.get("state") == "pending" else until


def _about(silence: Row) -> str:
    return ", ".join(silence["matchers"]) or silence.get("fingerprint", "")[:8]


def _quote(post: Row) -> str:
    url = post.get("url", "")
    return f"“{post.get('text', '')}”" + (f" {url}" if url else "")


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _even(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    width = max(len(row) for row in rows)
    return [row + ("",) * (width - len(row)) for row in rows]
