"""The live pulse: one line per brand, asked from the API again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bots.commands.client import ApiClient, AskFailed
from config.schema import Brand

WINDOW = "24h"


async def ask_pulses(client: ApiClient, brands: Sequence[Brand]) -> list[Any]:
    """The pulse of every brand, or the reason why there is none (a text). Raises `AskFailed` when nothing answers."""
    found = await asyncio.gather(*(_ask(client, brand) for brand in brands))
    failures = [answer for answer in found if isinstance(answer, AskFailed)]
    if failures and len(failures) == len(found):
        raise failures[0]
    return [str(answer) if isinstance(answer, AskFailed) else answer for answer in found]


async def _ask(client: ApiClient, brand: Brand) -> Any:
    try:
        return await client.get(f"/api/brands/{quote(brand.name)}/pulse", window=WINDOW)
    except AskFailed as error:
        return error


def pulse_lines(brands: Sequence[Brand], pulses: Sequence[Any]) -> list[str]:
    """One line per brand, in columns."""
    width = max(len(brand.display) for brand in brands)
    return [f"{brand.display:<{width}}  {_line(pulse)}" for brand, pulse in zip(brands, pulses, strict=True)]


def _line(pulse: Any) -> str:
    if isinstance(pulse, str):
        return pulse
    counts = f"{WINDOW}: {pulse['posts']:>6,} posts  {pulse['authors']:>6,} authors"
    return f"{counts}  sentiment {_sentiment(pulse.get('sentiment'))}  peer share {_share(pulse.get('peer_share'))}"


def _sentiment(found: Any) -> str:
    if not isinstance(found, dict) or found.get("insufficient") or found.get("net") is None:
        return "too few yet"
    interval = found.get("interval")
    return f"{found['net']:+.2f}" + (f" ({interval[0]:+.2f} to {interval[1]:+.2f})" if interval else "")


def _share(found: Any) -> str:
    if not isinstance(found, dict) or found.get("insufficient") or found.get("share") is None:
        return "too few yet"
    return f"{found['share']:.0%}"
