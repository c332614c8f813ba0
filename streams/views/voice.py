"""Share of voice: how much of what is said about a group of brands is about this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from streams.views.asked import Answer, Asked, Share
from streams.views.clusters import begun_by
from streams.views.columns import Ints
from streams.views.overlap import Overlap, overlap, worth
from streams.views.rows import Rows, factorise
from streams.views.shares import share_of


class VoiceCounts(msgspec.Struct, frozen=True):
    """What one brand brings: posts (reposts too), authors and threads of others than the brand itself.

    The others say how far these hang together, within the brand and with those of other brands; None: not known.
    """

    posts: int
    authors: int
    threads: int
    by_posts: Overlap | None = None
    by_authors: Overlap | None = None
    by_threads: Overlap | None = None


class ShareOfVoice(Answer, frozen=True, kw_only=True):
    """Of one brand among all of its group. Who speaks of two brands counts for each of them."""

    by_posts: Share
    by_authors: Share
    by_threads: Share


def voice_counts(rows: Rows) -> VoiceCounts:
    """The brand's part of the sums; brands of a group may live on different workers."""
    others = ~rows.own
    author, thread = rows.author[others], rows.root_number[others]
    begun = begun_by(rows.snapshot, rows.roots)
    roots = np.unique(thread)
    people, exclusive = _exclusive(author, begun[thread])
    return VoiceCounts(
        posts=len(author),
        authors=len(people),
        threads=len(roots),
        by_posts=overlap(author, begun[thread]),
        by_authors=overlap(people, exclusive),
        by_threads=overlap(begun[roots], begun[roots]),
    )


def _exclusive(author: Ints, begun: Ints) -> tuple[Ints, Ints]:
    """Each author, and who began all of the threads the author is in; of those in the threads of several, themselves.

    Who is there in one person's threads alone would not be counted without that person.
    """
    people, number = factorise(author)
    low, high = np.full(len(people), np.iinfo(np.int64).max), np.full(len(people), np.iinfo(np.int64).min)
    np.minimum.at(low, number, begun)
    np.maximum.at(high, number, begun)
    return people, np.where(low == high, low, people)


def share_of_voice(brand: str, counts: Mapping[str, VoiceCounts], asked: Asked | None = None) -> ShareOfVoice:
    """`counts` of every brand of the group, this one included. Raises `KeyError` when it is not."""
    if brand not in counts:
        raise KeyError(brand)
    asked, here, parts = asked or Asked(), list(counts).index(brand), list(counts.values())
    posts, authors, threads = ([getattr(part, name) for part in parts] for name in ("posts", "authors", "threads"))
    total, people = sum(posts), sum(authors)

    def share(number: Sequence[int], overlaps: Sequence[Overlap | None]) -> Share:
        known = [each for each in overlaps if each is not None]
        independent = worth(here, number, known) if len(known) == len(parts) else None
        return share_of(number[here], sum(number), total, people, asked, independent)

    return ShareOfVoice(
        posts=total,
        authors=people,
        insufficient=asked.too_few(total, people),
        by_posts=share(posts, [part.by_posts for part in parts]),
        by_authors=share(authors, [part.by_authors for part in parts]),
        by_threads=share(threads, [part.by_threads for part in parts]),
    )
