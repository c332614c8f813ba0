"""Share of voice over brands that may live on different workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Views
from streams.records import Entry
from streams.views.asked import Asked
from streams.views.overlap import Together, overlap, spread, worth
from streams.views.voice import VoiceCounts, share_of_voice, voice_counts
from tests.streams.views.generate import ASKED, entry, frame_of
from tests.streams.views.oracle import who, wilson

counts = st.builds(VoiceCounts, st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000))


@given(st.dictionaries(st.sampled_from("abcd"), counts, min_size=1))
def test_shares_of_a_group_make_up_the_whole(group: Mapping[str, VoiceCounts]) -> None:
    answers = [share_of_voice(brand, group, ASKED) for brand in group]
    for name in ("posts", "authors", "threads"):
        parts = [getattr(answer, f"by_{name}") for answer in answers]
        total = sum(getattr(c, name) for c in group.values())
        assert {part.total for part in parts} == {total}
        assert sum(part.count for part in parts) == total
        for part in parts:
            if part.share is not None:
                assert part.share == part.count / total
                assert part.interval == pytest.approx(wilson(part.count, total), rel=1e-9, abs=1e-12)


def test_the_floor_is_that_of_the_group() -> None:
    """A brand nobody speaks of has a share of nothing, as soon as the group is spoken of enough."""
    group = {"loud": VoiceCounts(50, 20, 30), "silent": VoiceCounts(0, 0, 0)}
    answer = share_of_voice("silent", group, Asked(Views(min_posts=50, min_authors=20)))
    assert (answer.by_posts.share, answer.insufficient) == (0.0, False)
    assert share_of_voice("silent", group, Asked(Views(min_posts=51))).by_posts.share is None


def test_a_brand_outside_the_group_is_an_error() -> None:
    with pytest.raises(KeyError):
        share_of_voice("x", {"y": VoiceCounts(1, 1, 1)})


def test_own_posts_do_not_count_and_reposts_do() -> None:
    own, other = entry(1, by=0), entry(2, by=2)
    repost = entry(3, by=3, repost_of="x:p2", repost_of_author="x:a2")
    found = voice_counts(frame_of([own, other, repost]).rows())
    assert (found.posts, found.authors, found.threads) == (2, 2, 1)


def talk(seed: int, people: int = 60) -> list[list[Entry]]:
    """Of two brands: the same people, some of them loud, most threads begun by few; every fifth post names both."""
    random, made = Random(seed), list[list[Entry]]([[], []])
    for number in range(600):
        by = 5 + min(int(random.paretovariate(0.7)), people)
        thread = random.randrange(12)
        one = entry(
            number + 100,
            ms=number,
            by=by,
            reply_to=f"x:p{thread}",
            thread=f"x:p{thread}",
            reply_to_author=f"x:a{5 + thread % 4}",
        )
        for brand in (0, 1) if random.random() < 0.2 else (thread % 2,):
            made[brand].append(one)
    for thread in range(12):
        for some in made:  # which each brand must hold to know who began the thread
            some.append(entry(thread, ms=-1, by=5 + thread % 4))
    return made


def squares(posts: Sequence[tuple[str, str, int]], share: float) -> float:
    """The variance of a share of posts (author, who began the thread, of which brand), all brands in one place."""
    clusters: dict[frozenset[str], float] = defaultdict(float)
    pairs: dict[frozenset[str], float] = defaultdict(float)
    for author, began, brand in posts:
        error = (brand == 0) - share
        for name in {author, began}:
            clusters[frozenset((name,))] += error
        if author != began:
            pairs[frozenset((author, began))] += error
    return sum(s * s for s in clusters.values()) - sum(s * s for s in pairs.values())


@pytest.mark.parametrize("seed", range(5))
def test_the_spread_of_a_share_is_that_of_all_brands_in_one_place(seed: int) -> None:
    made = talk(seed)
    counts = [voice_counts(frame_of(brand).rows()) for brand in made]
    parts = [count.by_posts for count in counts if count.by_posts]
    posts = [(who(e), f"x:a{5 + int(e.post.root[3:]) % 4}", brand) for brand, some in enumerate(made) for e in some]
    share = counts[0].posts / len(posts)
    expected, binomial = squares(posts, share), share * (1 - share) * len(posts)
    assert expected > 2 * binomial  # else nothing would hang together
    assert spread(0, Together([count.posts for count in counts], parts)).variance == pytest.approx(expected, rel=0.15)
    wide, narrow = (high - low for low, high in (_interval(counts), wilson(counts[0].posts, len(posts)) or (0.0, 0.0)))
    assert wide > narrow


def _interval(counts: Sequence[VoiceCounts]) -> tuple[float, float]:
    interval = share_of_voice("0", {str(n): count for n, count in enumerate(counts)}, ASKED).by_posts.interval
    assert interval is not None
    return interval


def test_who_speaks_of_both_brands_says_nothing_of_their_shares() -> None:
    """The same 300 people speak of both, or 300 of one and 300 others of the other."""
    first, other = np.arange(300), np.arange(1_000, 1_300)
    same, apart = (
        worth(0, Together((300, 300), [overlap(first, first), overlap(people, people)])) for people in (first, other)
    )
    assert same > 3 * 600
    assert apart == pytest.approx(600, rel=0.1)


def test_a_brand_that_does_not_say_how_far_its_posts_hang_together_gets_wilsons_interval() -> None:
    known = voice_counts(frame_of(talk(1)[0]).rows())
    answer = share_of_voice("new", {"new": known, "old": VoiceCounts(100, 50, 40)}, ASKED).by_posts
    assert answer.interval == pytest.approx(wilson(answer.count, answer.total))
