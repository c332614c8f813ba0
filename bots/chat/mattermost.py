"""A Mattermost channel, by an incoming webhook (https://developers.mattermost.com/integrate/webhooks/incoming/).

The text is an attachment: below one, Mattermost looks no links up. It knows no message by a key of ours: after a crash
one may come twice. A webhook brings no pictures.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import Field

from bots.chat.base import ONE_PLACE, Message, Outcome, Outlet, OutletOptions
from bots.chat.drawing import draw
from bots.chat.markdown import Markdown
from bots.chat.options import SecretUrl
from bots.chat.post import post_json
from bots.chat.text import as_plain

MOST: Final = 6_500  # as JSON: older servers keep 8,000 characters of attachments
MOST_FALLBACK: Final = 300
BAR: Final = "\u2223"


class MattermostOptions(OutletOptions):
    """Alerts to a Mattermost channel."""

    kind: Literal["mattermost"] = Field(default="mattermost", description="What this outlet is.")
    url: SecretUrl = Field(description="Address of the incoming webhook (…/hooks/…).")


class Mattermost(Outlet):
    """See the module."""

    name = "mattermost"
    options_type = MattermostOptions
    options: MattermostOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One POST."""
        if to is not None:
            return ONE_PLACE
        return await post_json(self.tools.session, self.options.url, content(message), self.options.timeout)


class _Markdown(Markdown):
    """The server makes links of Slack's `<…|…>` before it looks for Markdown, backslash or not, across lines: it would
    take the mark of the next quote for the end of one. So a bar is one that only looks like it.
    """

    def escape(self, text: str) -> str:
        return super().escape(text.replace("|", BAR))


def content(message: Message) -> dict[str, Any]:
    """The body of the request. `fallback` is what notifications show."""
    text = draw(message.document, _Markdown(message.lang), MOST, lambda piece: len(msgspec.json.encode(piece).decode()))
    return {"attachments": [{"fallback": as_plain(message.document, MOST_FALLBACK, lang=message.lang), "text": text}]}
