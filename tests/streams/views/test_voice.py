"""Share of voice over brands that may live on different workers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Views
from streams.views.asked import Asked
from streams.views.voice import VoiceCounts, share_of_voice, voice_counts
from tests.streams.views.generate import ASKED, entry, frame_of
from tests.streams.views.oracle import wilson

counts = st.builds(VoiceCounts, st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000))


@given(st.dictionaries(st.sampled_from("abcd"), counts, min_size=1))
def test_shares_of_a_group_make_up_the_whole(group: Mapping[str, VoiceCounts]) -> None:
    answers = [share_of_voice(brand, group, ASKED) for brand in group]
    for name in VoiceCounts.__struct_fields__:
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
    assert voice_counts(frame_of([own, other, repost]).rows()) == VoiceCounts(posts=2, authors=2, threads=1)
