"""Share of voice: how much of what is said about a group of brands is about this one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streams.views.asked import Answer, Asked, Share
from streams.views.intervals import wilson
from streams.views.rows import Rows, distinct


class VoiceCounts(msgspec.Struct, frozen=True):
    """What one brand brings: posts (reposts too), authors and threads of others than the brand itself."""

    posts: int
    authors: int
    threads: int


class ShareOfVoice(Answer, frozen=True, kw_only=True):
    """Of one brand among all of its group. Who speaks of two brands counts for each of them."""

    by_posts: Share
    by_authors: Share
    by_threads: Share


def voice_counts(rows: Rows) -> VoiceCounts:
    """The brand's part of the sums; brands of a group may live on different workers."""
    others = ~rows.own
    return VoiceCounts(
        posts=int(others.sum()),
        authors=distinct(rows.author_number[others], len(rows.authors)),
        threads=distinct(rows.root_number[others], len(rows.roots)),
    )


def share_of_voice(brand: str, counts: Mapping[str, VoiceCounts], asked: Asked | None = None) -> ShareOfVoice:
    """`counts` of every brand of the group, this one included. Raises `KeyError` when it is not."""
    asked, here = asked or Asked(), counts[brand]
    posts, authors, threads = (sum(getattr(c, name) for c in counts.values()) for name in VoiceCounts.__struct_fields__)
    too_few = asked.too_few(posts, authors)

    def share(count: int, total: int) -> Share:
        known = total > 0 and not too_few
        return Share(
            posts=posts,
            authors=authors,
            insufficient=not known,
            count=count,
            total=total,
            share=count / total if known else None,
            interval=wilson(count, total) if known else None,
        )

    return ShareOfVoice(
        posts=posts,
        authors=authors,
        insufficient=too_few,
        by_posts=share(here.posts, posts),
        by_authors=share(here.authors, authors),
        by_threads=share(here.threads, threads),
    )
