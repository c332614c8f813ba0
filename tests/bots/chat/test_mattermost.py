"""The Mattermost outlet: the parameters that its documentation names, and nothing that speaks to people by itself."""

from __future__ import annotations

import re

from bots.chat.base import Message
from bots.chat.document import Document, Part, Quote
from bots.chat.mattermost import content
from tests.bots.chat.messages import HOSTILE, message

# developers.mattermost.com/integrate/webhooks/incoming and …/reference/message-attachments
PARAMETERS = {"text", "channel", "username", "icon_url", "icon_emoji", "attachments", "type", "props", "priority"}
OF_ATTACHMENTS = {
    "fallback", "color", "pretext", "text", "author_name", "author_link", "author_icon", "title", "title_link",
    "fields", "image_url", "thumb_url", "footer", "footer_icon",
}  # fmt: skip


def test_the_body_has_documented_parameters_and_a_fallback() -> None:
    given = content(message())
    assert set(given) <= PARAMETERS
    (attachment,) = given["attachments"]
    assert set(attachment) <= OF_ATTACHMENTS
    assert attachment["fallback"].startswith("🔺 Acme: 84 posts in 5m\n")


def test_the_text_in_full() -> None:
    document = Document("t", (Part("h", ("l",), (Quote("q", "https://e.example/1"), Quote("r"))),), "https://e.example")
    (attachment,) = content(Message("k", document))["attachments"]
    assert attachment["text"] == (
        "**t**\n\n**h**\nl\n> q [post](https://e.example/1)\n\n> r\n\n[more](https://e.example)"
    )


def test_the_servers_own_links_of_slack_cannot_be_made() -> None:
    """`model.ParseSlackLinksToMarkdown` of the server, as Python: it works on the text of attachments."""
    parts = Part("", (), (Quote("a <b|c"), Quote("d <https://e.example|e>")))
    (attachment,) = content(Message("k", Document("t", (parts,))))["attachments"]
    assert re.sub(r"<([^<\|]+)\|([^>]+)>", r"[\2](\1)", attachment["text"]) == attachment["text"]
    assert attachment["text"].count("\n> ") == 2


def test_hostile_words_neither_format_nor_call_anybody() -> None:
    (attachment,) = content(Message("k", Document(HOSTILE, (Part("", (HOSTILE,)),))))["attachments"]
    for word in ("@everyone", "@room", "**b**", "`c`", "~~s~~", "[x](", "://"):
        assert word not in attachment["text"].removeprefix("**")
        assert word not in attachment["fallback"] or word in ("**b**", "`c`", "~~s~~", "[x](")
