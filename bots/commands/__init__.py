"""The questions, the same in chat and on the command line: understood, asked, answered."""

from __future__ import annotations

from collections.abc import Sequence

from bots.commands.client import ApiClient, AskFailed
from bots.commands.grammar import FORMS, Command, NotUnderstood, help_text, parse
from bots.commands.questions import answer
from bots.commands.sheet import Answer, Sheet

__all__ = [
    "FORMS",
    "Answer",
    "ApiClient",
    "AskFailed",
    "Command",
    "NotUnderstood",
    "answer",
    "ask",
    "help_text",
    "parse",
]


async def ask(
    words: str | Sequence[str],
    api: str,
    token: str | None = None,
    to: str | None = None,
    lang: str | None = None,
    by: str = "",
) -> Answer:
    """The answer to a question, from the service at `api`; what goes wrong is an answer with `ok` false.

    `by`: who asks; it is written down of what changes anything.
    """
    try:
        command = parse(words)
        async with ApiClient(api, token) as client:
            return await answer(command, client, to, lang, by)
    except AskFailed as error:
        return Answer(error.data, Sheet(str(error)), ok=False)
    except NotUnderstood as error:
        return Answer({"title": "not understood", "detail": str(error)}, Sheet(str(error)), ok=False)
