"""What a question is answered: the service is asked, or, for what only a room can ask, done here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bots.chat.digest_asking import digest
from bots.chat.document import Document
from bots.chat.listen.asked import Asked
from bots.chat.listen.document import of_sheet
from bots.chat.listen.forgetting import forget
from bots.chat.listen.forms import help_document
from bots.chat.listen.watching import Watching
from bots.commands.client import ApiClient
from bots.commands.questions import WINDOW, answer, brands_meant
from bots.commands.translating import spanish_sheet
from config.units import parse_duration

IN_WORDS: Final = frozenset({"why", "ack", "silence"})
"""Questions whose answers know of languages themselves."""


class Desk:
    """Answers. Raises `AskFailed` and `NotUnderstood`."""

    def __init__(self, client: ApiClient, watching: Watching, now: Callable[[], datetime]) -> None:
        self._client, self._watching, self._now = client, watching, now

    async def answer(self, asked: Asked) -> Document:
        """The document to be told."""
        command, lang = asked.command, asked.lang
        match command.name:
            case "help":
                return help_document(lang)
            case "watch":
                return await self._watching.answer(asked)
            case "forget":
                return await forget(self._client, asked)
            case "digest":
                return await self._digest(asked)
            case _:
                found = await answer(command, self._client, lang=lang, by=asked.by)
                told = command.name not in IN_WORDS and lang == "es"
                return of_sheet(spanish_sheet(found.sheet) if told else found.sheet)

    async def _digest(self, asked: Asked) -> Document:
        """The same as is sent at a fixed hour, of now."""
        brands = await brands_meant(self._client, asked.command.subject)
        named = [(str(brand["name"]), str(brand["title"])) for brand in brands]
        window = parse_duration(asked.command.window or WINDOW)
        return await digest(self._client, named, window, self._now(), asked.lang)
