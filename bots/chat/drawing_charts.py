"""The chart of an alert for a message; a message goes without one rather than wait for it."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from bots.chat.chart import chart
from bots.chat.document import Picture
from bots.chat.wording import Display
from bots.commands.client import ApiClient, AskFailed
from config.language import Lang
from streams.records import Alert

log = logging.getLogger(__name__)
LONGEST_S: Final = 10.0


class Drawing:
    """Asks `client` for the points."""

    def __init__(self, client: ApiClient, display: Display) -> None:
        self._client, self._display = client, display

    async def __call__(self, alert: Alert, lang: Lang) -> Picture | None:
        """None where there is nothing to draw; said in the log where it should have been drawn."""
        try:
            async with asyncio.timeout(LONGEST_S):
                return await chart(self._client, alert, self._display(alert.brand), lang)
        except (AskFailed, TimeoutError) as error:
            log.warning("no chart for %s: %s", alert.fingerprint, str(error) or f"not drawn within {LONGEST_S:g} s")
        except Exception:  # a drawing that fails, in whatever way, must not keep the words from being told
            log.exception("no chart for %s", alert.fingerprint)
        return None
