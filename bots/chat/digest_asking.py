"""What a digest says is asked when it is sent, of the same API that answers the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec

from bots.chat.digest_words import of_brands
from bots.chat.document import Document
from bots.commands.client import ApiClient, AskFailed
from bots.commands.patience import patiently
from config.language import Lang
from config.units import format_duration
from streams.records import Alert

Answer = Mapping[str, Any]
LONGEST_S: Final = 30.0
"""How long the health may take to be worked out: alerts wait behind the digest."""


class BrandDay(msgspec.Struct, frozen=True):
    """One brand's answers: the window, the window before it, how healthy it is (or why that is not known), alerts."""

    title: str
    pulse: Answer
    before: Answer
    health: Answer | str
    alerts: Sequence[Alert]


async def digest(
    client: ApiClient, brands: Sequence[tuple[str, str]], window: timedelta, to: datetime, lang: Lang
) -> Document:
    """`brands`: name and title of each. Raises `AskFailed`."""
    alerts = msgspec.convert((await client.get("/api/alerts"))["alerts"], list[Alert])
    days = [await _brand(client, name, title, window, to, lang, alerts) for name, title in brands]
    return of_brands(days, window, to, lang)


async def _brand(
    client: ApiClient, name: str, title: str, window: timedelta, to: datetime, lang: Lang, alerts: Sequence[Alert]
) -> BrandDay:
    path, length = f"/api/brands/{quote(name)}", format_duration(window)
    start = to - window
    pulse, before, health = await asyncio.gather(
        client.get(f"{path}/pulse", window=length, to=to.isoformat()),
        client.get(f"{path}/pulse", window=length, to=start.isoformat()),
        _health(client, path, length, to, lang),
    )
    began = [alert for alert in alerts if alert.brand == name and start <= alert.started_at < to]
    return BrandDay(title, pulse, before, health, began)


async def _health(client: ApiClient, path: str, window: str, to: datetime, lang: Lang) -> Answer | str:
    """The answer, or the reason why there is none: the other numbers are worth telling without it."""
    try:
        async with asyncio.timeout(LONGEST_S):
            found: Answer = await patiently(
                lambda: client.get(f"{path}/health", window=window, to=to.isoformat(), say=lang)
            )
    except AskFailed as error:
        return str(error)
    except TimeoutError:
        return f"> {LONGEST_S:g} s"
    return found
