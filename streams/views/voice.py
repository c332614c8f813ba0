"""Share of voice: how much of what is said about a group of brands is about this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from streams.views.asked import Answer, Asked, Share
from streams.views.clusters import begun_by
from streams.views.columns import unique
from streams.views.company import company
from streams.views.overlap import Overlap, Together, overlap, worth
from streams.views.rows import Rows
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
    roots = unique(thread)
    people, exclusive = company(rows)
    return VoiceCounts(
        posts=len(author),
        authors=len(people),
        threads=len(roots),
        by_posts=overlap(author, begun[thread]),
        by_authors=overlap(people, exclusive),
        by_threads=overlap(begun[roots], begun[roots]),
    )


def share_of_voice(brand: str, counts: Mapping[str, VoiceCounts], asked: Asked | None = None) -> ShareOfVoice:
    """`counts` of every brand of the group, this one included. Raises `KeyError` when it is not."""
    if brand not in counts:
        raise KeyError(brand)
    return Shares(counts, asked or Asked()).of(brand)


class Shares:
    """The shares of all brands of a group, from the `counts` of each."""

    def __init__(self, counts: Mapping[str, VoiceCounts], asked: Asked) -> None:
        self._place, self._asked = {brand: number for number, brand in enumerate(counts)}, asked
        parts = list(counts.values())
        self._posts = _together([part.posts for part in parts], [part.by_posts for part in parts])
        self._authors = _together([part.authors for part in parts], [part.by_authors for part in parts])
        self._threads = _together([part.threads for part in parts], [part.by_threads for part in parts])
        self._behind = sum(part.posts for part in parts), sum(part.authors for part in parts)

    def of(self, brand: str) -> ShareOfVoice:
        """One brand. Raises `KeyError` when it is none of the group."""
        here, (posts, people) = self._place[brand], self._behind

        def share(numbers: Sequence[int], group: Together | None) -> Share:
            independent = None if group is None else worth(here, group)
            return share_of(numbers[here], sum(numbers), posts, people, self._asked, independent)

        return ShareOfVoice(
            posts=posts,
            authors=people,
            insufficient=self._asked.too_few(posts, people),
            by_posts=share(*self._posts),
            by_authors=share(*self._authors),
            by_threads=share(*self._threads),
        )


def _together(counts: Sequence[int], overlaps: Sequence[Overlap | None]) -> tuple[Sequence[int], Together | None]:
    """None where not every brand says how far its part hangs together."""
    known = [each for each in overlaps if each is not None]
    return counts, Together(counts, known) if len(known) == len(counts) else None
