"""`voice` as a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bots.commands.figures import percent
from bots.commands.sheet import Sheet


def voice_sheet(titles: Mapping[str, str], window: str, data: Mapping[str, Any], notes: Sequence[str]) -> Sheet:
    """One row per brand, the largest share first; brands that could not be asked are named."""
    missing = ", ".join(titles.get(name, name) for name in data["missing"])
    warning = [f"Not counted, because its worker does not answer: {missing}"] if missing else []
    rows = [_row(titles.get(each["brand"], each["brand"]), each["voice"]) for each in data["brands"]]
    return Sheet(f"Share of voice in {data['group']}, {window}", rows, notes=[*warning, *notes])


def _row(title: str, voice: Mapping[str, Any]) -> tuple[str, ...]:
    by_posts = voice["by_posts"]
    return (
        title,
        f"{percent(by_posts)} of posts",
        f"{percent(voice['by_authors'])} of authors",
        f"{percent(voice['by_threads'])} of threads",
        f"{by_posts['count']:,} posts",
    )
