"""Messages as the dispatcher makes them, for the outlets' tests."""

from __future__ import annotations

from typing import Any

from bots.chat.base import Message
from bots.chat.document import Document, Part, Quote
from config.language import Lang
from tests.bots.chat.destination import alert

HOSTILE = (
    "<b>hola</b> @room @everyone <!channel> <@U1> [x](https://evil.example) **b** `c` ~~s~~ ||h|| _i_ &amp; # h\n- l"
)


def message(text: str = "It does not charge", lang: Lang = "en", **more: Any) -> Message:
    """An alert with a quote, and a place to see more."""
    quotes = (Quote(text, "https://example.org/1?a=b&c=(d)"), Quote("without an address"))
    parts = (Part("", ("usually about 12", "since 12:00 UTC"), quotes),)
    document = Document("🔺 Acme: 84 posts in 5m", parts, "https://tertulia.example/alerts/f00d")
    return Message(more.pop("key", "f00d-1"), document, (alert(text=text),), lang, **more)
