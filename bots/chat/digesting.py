"""Writes a digest that waits, when its turn has come."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from bots.chat.base import Message, Refused, RetryLater
from bots.chat.digest_asking import digest
from bots.chat.outbox import Digested, Waiting
from bots.commands.client import ApiClient, AskFailed
from config.schema import Brand, Config


class Digesting:
    """Asks `client`, which the caller opens and closes."""

    def __init__(self, config: Config, client: ApiClient) -> None:
        self._config, self._client = config, client
        self._digests = {digest.name: digest for digest in config.routing.digests}

    async def __call__(self, waiting: Waiting) -> Message | RetryLater | Refused:
        """The message as it reads now."""
        content = waiting.content
        assert isinstance(content, Digested)
        wanted = self._digests.get(content.name)
        if wanted is None:
            return Refused(f"the digest {content.name} is no longer configured")
        lang = wanted.lang or self._config.routing.lang
        brands = [(brand.name, brand.display) for brand in self._brands(wanted.brands)]
        to = content.to.astimezone(ZoneInfo(wanted.zone))
        try:
            document = await digest(self._client, brands, wanted.window, to, lang)
        except AskFailed as error:
            return RetryLater(f"the digest {content.name} cannot be written: {error}")
        return Message(waiting.key, document, lang=lang)

    def _brands(self, names: Collection[str]) -> list[Brand]:
        return [brand for brand in self._config.brands if not names or brand.name in names]
