"""What an alert says, in English or Spanish: its title, and the reasons below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import regex

from config.language import Lang
from streams.alerting.number_names import NUMBERS
from streams.alerting.phrases import FIRING, REASONS, RESOLVED, STATES
from streams.alerting.spelled import chance, number, spelled
from streams.records import Alert

__all__ = ["cut", "number", "reasons", "title"]

_GRAPHEME = regex.compile(r"\X")  # the standard library does not know what readers see as one character
ENDINGS: Final = ("unwatched", "untold", "forgotten")
"""In the details of a resolved alert: that it did not end because things are as usual."""
SOMEBODY: Final[Mapping[Lang, str]] = {"en": "somebody", "es": "alguien"}
"""Who is named no more."""
FACTORS: Final = ("volume", "reach", "speed")
"""Of a crisis."""


def title(alert: Alert, display: str, lang: Lang = "en") -> str:
    """`Fairphone: 84 posts in 5m, usually about 12`. `display`: the brand's name as people read it."""
    phrases = FIRING if alert.state == "firing" else RESOLVED
    key = _key(alert, phrases[lang])
    return phrases[lang][key].format_map(_filled(alert, display, lang)) if key else alert.title


def reasons(alert: Alert, lang: Lang = "en") -> tuple[str, ...]:
    """Why it was told, a sentence each: what is ordinary, how sure it is, and who is behind it."""
    return tuple(_reasons(alert, lang))


def _key(alert: Alert, phrases: Mapping[str, str]) -> str | None:
    """Which phrase; None for an alert of a kind that has none, from another version."""
    direction = alert.details.get("direction", "up")
    ending = next((name for name in ENDINGS if alert.details.get(name)), "")
    tried = (ending, alert.kind, f"{alert.kind}-{direction}")
    return next((key for key in tried if key in phrases), None)


def _filled(alert: Alert, display: str, lang: Lang) -> dict[str, Any]:
    details, unit = alert.details, str(alert.details.get("unit", "posts"))
    value = "≥ " if details.get("unreached") else ""
    texts = {name: text for name, text in details.items() if isinstance(text, str)}
    counts = {name: number(worth) for name, worth in details.items() if not isinstance(worth, str)}
    return {
        **texts,
        **counts,
        "brand": display,
        "value": value + spelled(alert.value, unit, lang),
        "usual": spelled(alert.baseline, unit, lang),
        "ordinary": spelled(float(details.get("usual", 0)), "posts", lang),
        "window": alert.window,
        "number": NUMBERS[lang].get(alert.number, alert.number),
        "source": alert.source or "",
        "state": STATES[lang].get(str(details.get("state", "")), str(details.get("state", ""))),
        "reason": f": {details['reason']}" if details.get("reason") else "",
        "who": details.get("who") or SOMEBODY[lang],
    }


def _reasons(alert: Alert, lang: Lang) -> Iterator[str]:
    say, unit = REASONS[lang], str(alert.details.get("unit", "posts"))
    if alert.interval is not None:
        low, high = (spelled(end, unit, lang) for end in alert.interval)
        yield say["ordinary"].format(low=low, high=high)
    yield from _own(alert, lang)
    if alert.p_value is not None:
        key = "p-threshold" if alert.kind == "threshold" else "p"
        yield say[key].format(p=chance(alert.p_value, lang))
    if alert.q_value is not None and alert.kind != "threshold":
        yield say["q"].format(q=chance(alert.q_value, lang))
    if alert.authors:
        each = [
            say["author"].format(name=one.name, posts=one.posts, share=spelled(one.share, "share", lang))
            for one in alert.authors
        ]
        yield say["authors"].format(names=", ".join(each))
    for circle in alert.circles:
        words = f" ({', '.join(circle.words)})" if circle.words else ""
        yield say["circle"].format(name=circle.name, words=words, share=spelled(circle.share, "share", lang))


def _own(alert: Alert, lang: Lang) -> Iterator[str]:
    """What only this kind says, and the number's own interval."""
    say, details = REASONS[lang], alert.details
    unit = "share" if alert.kind == "new-voice" else str(details.get("unit", "posts"))
    ends: dict[str, str] = {
        name: spelled(float(details[name]), unit, lang) for name in ("low", "high") if name in details
    }
    if alert.kind in ("crisis", "new-voice", "circle-split") and len(ends) == 2:
        factors: dict[str, str] = {
            name: spelled(float(details[name]), "times", lang) for name in FACTORS if name in details
        }
        share = {"share": spelled(float(details.get("share", 0)), "share", lang)}
        yield say[alert.kind].format_map({**_filled(alert, "", lang), **factors, **share, **ends})
    elif len(ends) == 2:
        yield say["own"].format_map(ends)
    elif "low" in ends:
        yield say["own-from"].format_map(ends)
    if alert.kind == "message-turn":
        yield say["message-turn"]


def cut(text: str, most: int) -> str:
    """The text in at most `most` characters (code points), cut between what readers see as characters."""
    if len(text) <= most:
        return text
    end = 0
    for match in _GRAPHEME.finditer(text[: most + 1]):
        if match.end() >= most:
            break
        end = match.end()
    return text[:end].rstrip() + "…"
