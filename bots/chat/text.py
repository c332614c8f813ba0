"""An alert as text. Whatever people wrote is hostile until escaped: it must not format, mention, hide or overflow."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from bots.chat.base import Message
from streams.alerting.words import cut, number

MOST_TITLE = 200
MOST_QUOTE = 280
MOST_URL = 500
_SPACE = re.compile(r"\s+")
# Control characters, and those that turn the direction of the text around them (Trojan Source, CVE-2021-42574).
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_MENTION = re.compile(r"@(?=[\w!&])")
_APART = "@\u200b"  # a zero-width space: reads the same, notifies nobody


def clean(text: str) -> str:
    """One line without control characters."""
    return _SPACE.sub(" ", _UNSEEN.sub("", text)).strip()


def tame(text: str, most: int) -> str:
    """Text of others for a chat: one line, cut between what readers see as characters, its mentions without effect."""
    return _MENTION.sub(_APART, cut(clean(text), most))


def web_url(url: str) -> str:
    """The address when it leads to the web and hides nothing, else nothing."""
    fits = len(url) <= MOST_URL and url.lower().startswith(("http://", "https://"))
    return url if fits and not re.search(r"[\s<>\"\\]", url) and url == clean(url) else ""


def as_plain(message: Message) -> str:
    """The message without any markup."""
    lines = [f"{sign(message)} {tame(message.alert.title, MOST_TITLE)}", details(message)]
    for text, url in quotes(message):
        lines.append(f"“{text}”" + (f" {url}" if url else ""))
    return "\n".join(lines)


def as_html(message: Message) -> str:
    """The message in the HTML that Matrix allows; every word of others is escaped."""
    parts = [f"<strong>{sign(message)} {_escape(tame(message.alert.title, MOST_TITLE))}</strong>"]
    parts.append(f"<br>{_escape(details(message))}")
    for text, url in quotes(message):
        link = f' <a href="{_escape(url)}">post</a>' if url else ""
        parts.append(f"<blockquote>{_escape(text)}{link}</blockquote>")
    return "".join(parts)


def sign(message: Message) -> str:
    """A mark that says at a glance whether something began or ended."""
    return "🔺" if message.alert.state == "firing" else "✅"


def details(message: Message) -> str:
    """Since when, how unlikely, by which rule."""
    alert = message.alert
    parts = []
    if alert.interval is not None:
        low, high = alert.interval
        parts.append(f"95 % of ordinary windows bring {number(low)} to {number(high)}")
    if alert.state == "firing":
        parts += [*_odds(alert.p_value), f"since {_time(alert.started_at)}"]
    else:
        parts.append(f"from {_time(alert.started_at)} to {_time(alert.ended_at or alert.at)}")
    return " · ".join([*parts, f"rule {alert.rule}"])


def quotes(message: Message) -> Iterator[tuple[str, str]]:
    """Text and address of the posts behind it, tamed; none once it is over."""
    if message.alert.state == "firing":
        for quote in message.alert.evidence:
            yield tame(quote.get("text", ""), MOST_QUOTE), web_url(quote.get("url", ""))


def _odds(p: float | None) -> list[str]:
    if p is None:
        return []
    if p < 1e-9:
        return ["chance alone: less than once in a billion windows"]
    return [f"chance alone: once in {round(1 / p):,} windows"]


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _escape(text: str) -> str:
    return html.escape(text, quote=True)
