"""Writes a waiting message as it reads now: with the quotes that still stand, and nothing of what was deleted since."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from urllib.parse import quote

import msgspec

from bots.chat.bare import dressed
from bots.chat.base import Message, OutletOptions, Refused, RetryLater
from bots.chat.document import Picture
from bots.chat.outbox import Told, Waiting
from bots.chat.wording import Display, of_alerts, with_lost
from config.language import Lang
from streams.records import Alert

log = logging.getLogger(__name__)
Draw = Callable[[Alert, Lang], Awaitable[Picture | None]]
"""A picture of an alert in a language, where one can be drawn."""
Digest = Callable[[Waiting], Awaitable[Message | RetryLater | Refused]]


class Renderer:
    """`newest` is the newest alert of a fingerprint, `options` those of each outlet, `dashboard` its address or ""."""

    def __init__(
        self,
        newest: Callable[[str], Alert | None],
        display: Display,
        options: Mapping[str, OutletOptions],
        draw: Draw,
        digest: Digest,
        dashboard: str = "",
    ) -> None:
        self._newest, self._display, self._options = newest, display, options
        self._draw, self._digest, self._dashboard = draw, digest, dashboard.rstrip("/")

    async def __call__(self, waiting: Waiting, lost: int) -> Message | RetryLater | Refused:
        """`lost`: how many messages before it did not get through."""
        try:
            message = await self._message(waiting)
        except Exception as error:  # poison: it must not keep what waits behind it from being told
            log.exception("%s cannot be written", waiting.key)
            return Refused(f"it cannot be written: {type(error).__name__}")
        if not isinstance(message, Message):
            return message
        return Message(
            message.key,
            with_lost(message.document, lost, message.lang),
            message.alerts,
            message.lang,
            message.picture,
        )

    async def _message(self, waiting: Waiting) -> Message | RetryLater | Refused:
        content = waiting.content
        return await (self._alerts(waiting, content) if isinstance(content, Told) else self._digest(waiting))

    async def _alerts(self, waiting: Waiting, content: Told) -> Message:
        options = self._options[waiting.destination.outlet]
        firing, over = (
            [dressed(alert, self._newest(alert.fingerprint)) for alert in alerts]
            for alerts in (content.firing, content.over)
        )
        document = of_alerts(firing, over, content.labels, self._display, content.lang, options.most_alerts)
        document = msgspec.structs.replace(document, link=self._link({alert.brand for alert in (*firing, *over)}))
        wanted = getattr(options, "pictures", False) and bool(firing)
        picture = await self._draw(firing[0], content.lang) if wanted else None
        return Message(waiting.key, document, (*firing, *over), content.lang, picture)

    def _link(self, brands: Collection[str]) -> str:
        """To the dashboard, and there to the brand, if it is one."""
        if not self._dashboard:
            return ""
        return f"{self._dashboard}/#brand={quote(*brands)}" if len(brands) == 1 else f"{self._dashboard}/"
