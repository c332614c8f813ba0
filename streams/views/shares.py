"""A share as every view answers it."""

from __future__ import annotations

from streams.views.asked import Asked, Interval, Share
from streams.views.intervals import wilson


def share_of(count: int, total: int, posts: int, authors: int, asked: Asked, independent: float | None = None) -> Share:
    """`count` / `total` with Wilson's interval, unless there is too little behind it.

    `independent`: how many of equal weight the `total` are worth, where they hang together (Kish 1965).
    """
    too_few = total == 0 or asked.too_few(posts, authors)
    return Share(
        posts=posts,
        authors=authors,
        insufficient=too_few,
        count=count,
        total=total,
        share=None if too_few else count / total,
        interval=None if too_few else _wilson(count, total, independent),
    )


def _wilson(count: int, total: int, independent: float | None) -> Interval | None:
    return wilson(count, total) if independent is None else wilson(count / total * independent, independent)
