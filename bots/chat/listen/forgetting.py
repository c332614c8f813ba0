"""`forget AUTHOR` in a chat: asked back first, for it cannot be undone; then ordered, and audited by the service."""

from __future__ import annotations

from typing import Final

from bots.chat.document import Document
from bots.chat.listen.asked import Asked
from bots.chat.listen.words import say
from bots.commands.client import ApiClient, AskFailed
from bots.forgetting import author_of
from bots.settings import Failed

YES: Final = frozenset({"yes", "sí", "si"})
ACCEPTED: Final = 202  # ordered; it has not arrived everywhere yet


async def forget(client: ApiClient, asked: Asked) -> Document:
    """What was done, or what has to be said first. Raises `AskFailed`."""
    words = (asked.command.subject or "").split()
    sure = len(words) > 1 and words[-1].casefold() in YES
    try:
        author = author_of(" ".join(words[:-1] if sure else words))
    except Failed as error:
        raise AskFailed(str(error)) from error
    if not sure:
        return Document(say("sure", asked.lang, what=author))
    order = {"author": author, "undo": False, "by": asked.by}
    done = await client.put("/api/forget", order, accept=ACCEPTED)
    if not done["to_go"]:
        return Document(say("forgotten", asked.lang, what=author))
    parts = {"to_go": done["to_go"], "partitions": done["partitions"]}
    return Document(say("forgetting", asked.lang, what=author, **parts))
