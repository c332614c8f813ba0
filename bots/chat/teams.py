"""A Microsoft Teams channel or chat, by a webhook of Workflows, as an Adaptive Card.

Words stand in `RichTextBlock`s, in which Teams looks for no markup. Workflows knows no message by a key of ours: after
a crash one may come twice. A card holds no chart: with one it would exceed the 28 KB that Teams allows.

Sources: adaptivecards.io/explorer, learn.microsoft.com/connectors/teams (limits).
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import Field

from bots.chat.base import ONE_PLACE, Message, Outcome, Outlet, OutletOptions
from bots.chat.drawing import Markup, fitted
from bots.chat.limits import RateText
from bots.chat.markdown import anchor
from bots.chat.options import SecretUrl
from bots.chat.post import post_json
from bots.chat.text import as_plain

MOST: Final = 19_000  # bytes of JSON of the card's body; Teams says 28 KB and has been seen to refuse above 21
MOST_FALLBACK: Final = 300


class TeamsOptions(OutletOptions):
    """Alerts to a Microsoft Teams channel or chat."""

    kind: Literal["teams"] = Field(default="teams", description="What this outlet is.")
    rate: RateText = Field(default="4/1s", description="Messages in a time; Teams allows 4 a second.")
    url: SecretUrl = Field(description="Address that the workflow `Send webhook alerts to a channel` gives.")


class Teams(Outlet):
    """See the module."""

    name = "teams"
    options_type = TeamsOptions
    options: TeamsOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One POST; Workflows answers 202."""
        if to is not None:
            return ONE_PLACE
        return await post_json(self.tools.session, self.options.url, content(message), self.options.timeout)


class _Card(Markup[dict[str, Any]]):
    def title(self, text: str) -> dict[str, Any]:
        return _words(text, weight="Bolder", size="Medium")

    def heading(self, text: str) -> dict[str, Any]:
        return _words(text, weight="Bolder") | {"spacing": "Medium", "separator": True}

    def line(self, text: str) -> dict[str, Any]:
        return _words(text) | {"spacing": "Small"}

    def quote(self, text: str, url: str) -> dict[str, Any]:
        link = [_link(url, self.post)] if url else []
        return {"type": "Container", "style": "emphasis", "items": [_words(text), *link]}

    def link(self, url: str) -> dict[str, Any]:
        return _link(url, self.more)


def content(message: Message) -> dict[str, Any]:
    """The body of the request, as Workflows wants it around a card."""
    pieces = fitted(message.document, _Card(message.lang), MOST, lambda piece: len(msgspec.json.encode(piece)) + 1)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": message.lang,
        "fallbackText": as_plain(message.document, MOST_FALLBACK, lang=message.lang),
        "msteams": {"width": "Full"},
        "body": pieces,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _words(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _link(url: str, label: str) -> dict[str, Any]:
    """The only place where markup is looked for; nobody's words are in it."""
    return {"type": "TextBlock", "text": anchor(url, label), "wrap": True, "spacing": "Small"}
