"""Every number against its definition computed once more in another way, on random and on real conversations."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Views
from streams.records import Author, Entry, parse_post
from streams.views.asked import Asked, Share
from streams.views.conversation import peer_share, threads_without_brand
from streams.views.evenness import unevenness
from streams.views.fragmentation import fragmentation
from streams.views.frame import Frame, Rows, Window
from streams.views.reciprocity import reciprocity
from streams.views.renewal import renewal
from streams.views.response import Waiting, first_response
from streams.views.sentiment import sentiment
from streams.views.series import series
from streams.views.voice import voice_counts
from streams.views.volume import volume
from tests.streams.views import hanging
from tests.streams.views.generate import ASKED, NO_FLOOR, OWN, T0, entries, entry, frame_of, window
from tests.streams.views.oracle import Oracle, at, kaplan_meier, who, wilson

REDDIT = Path(__file__).parents[3] / "../shared/recordings/threads/reddit.jsonl"

windows = st.tuples(st.integers(-5, 100), st.integers(1, 110)).map(lambda pair: window(pair[0], sum(pair)))
platforms = st.sampled_from([None, None, "x", "y", "nowhere"])
languages = st.sampled_from([None, None, "es", "en", "und", "fr"])


@settings(max_examples=120, deadline=None)
@given(entries(), windows, platforms, languages)
def test_random(made: list[Entry], span: Window, platform: str | None, lang: str | None) -> None:
    check(frame_of(made), Oracle(made, OWN, span, platform, lang))


def reddit() -> tuple[list[Entry], set[str]]:
    if not REDDIT.exists():
        pytest.skip(f"no recording at {REDDIT.name}")
    posts = [parse_post(line) for line in REDDIT.read_bytes().splitlines()]
    names = ("negative", "neutral", "positive")
    made = [Entry("reddit", post, "name", T0, sentiment=names[len(post.text) % 3]) for post in posts]
    return made, {post.author.id for post in posts if post.author and post.author.role == "admin"}


@pytest.mark.parametrize("days", [1, 30, 90, 2_000])
def test_reddit(days: int) -> None:
    """Real threads, at several windows that end behind the first, middle and last post."""
    made, own = reddit()
    times = sorted(at(e) for e in made)
    frame = frame_of(made, tuple(own))
    for end in (times[0], times[len(times) // 2], times[-1]):
        span = Window.last(timedelta(days=days), end + timedelta(hours=1))
        check(frame, Oracle(made, own, span))


def check(frame: Frame, oracle: Oracle) -> None:
    rows = frame.rows(oracle.window, platform=oracle.platform, lang=oracle.lang)
    check_volume(rows, oracle)
    check_sentiment(rows, oracle)
    check_conversation(rows, oracle)
    check_waiting(rows, oracle)
    check_people(rows, oracle)


def check_volume(rows: Rows, oracle: Oracle) -> None:
    answer = volume(rows, ASKED)
    assert {name: getattr(answer, name) for name in oracle.volume()} == oracle.volume()
    assert all((-a[1], a[0]) <= (-b[1], b[0]) for a, b in pairwise(answer.by_lang.items()))
    counts = voice_counts(rows)
    assert (counts.posts, counts.authors, counts.threads) == oracle.voice()


def check_sentiment(rows: Rows, oracle: Oracle) -> None:
    answer, judged = sentiment(rows, ASKED), oracle.judged()
    assert (answer.posts, answer.authors) == (len(judged), len({who(e) for e in judged}))
    assert answer.net == oracle.net()
    assert answer.corrected.insufficient
    for name in ("negative", "neutral", "positive"):
        assert getattr(answer, name) == sum(e.sentiment == name for e in judged)
    if answer.interval is not None:
        assert answer.net is not None
        assert -1 <= answer.interval[0] <= answer.interval[1] <= 1


def check_share(answer: Share, count: int, total: int, worth: float | None = None) -> None:
    """`worth`: how many independent ones the total is, if not all."""
    assert (answer.count, answer.total) == (count, total)
    assert answer.share == (count / total if total else None)
    assert answer.insufficient is (total == 0)
    expected = wilson(count, total) if worth is None or not total else wilson(count / total * worth, worth)
    for end, other in zip(answer.interval or (None, None), expected or (None, None), strict=True):
        assert same(end, other)


def same(mine: float | None, other: float | None) -> bool:
    """Equal but for rounding; what the other calls infinite, we call None."""
    if mine is None or other is None:
        return mine is None and (other is None or math.isinf(other))
    return math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-12)


def check_conversation(rows: Rows, oracle: Oracle) -> None:
    check_share(peer_share(rows, ASKED), *oracle.peer_share(), hanging.worth(hanging.meetings(oracle)))
    silent = hanging.worth(hanging.silent(oracle))
    check_share(threads_without_brand(rows, ASKED), *oracle.threads_without_brand(), silent)
    assert same(reciprocity(rows, ASKED).value, oracle.reciprocity())
    assert reciprocity(rows, ASKED).ties == len(set(oracle.interactions()))
    assert same(fragmentation(rows, ASKED).value, oracle.fragmentation())


def check_waiting(rows: Rows, oracle: Oracle) -> None:
    answer = first_response(rows, ASKED)
    check_median(answer, *oracle.first_response(by_brand=False), hanging.wider(oracle, by_brand=False))
    check_median(answer.by_brand, *oracle.first_response(by_brand=True), hanging.wider(oracle, by_brand=True))


def check_median(answer: Waiting, waits: list[float], seen: list[bool], wider: float) -> None:
    assert (answer.threads, answer.answered) == (len(waits), sum(seen))
    if not waits:
        assert answer.insufficient
        assert answer.median_s is None
        return
    middle, low, high = kaplan_meier(waits, seen, wider)
    assert same(answer.median_s, middle)
    assert same(None if answer.interval is None else answer.interval[0], low)
    assert same(None if answer.interval is None else answer.interval[1], high)


def check_people(rows: Rows, oracle: Oracle) -> None:
    spread, people = unevenness(rows, ASKED), renewal(rows, ASKED)
    assert same(spread.gini, oracle.gini())
    assert spread.absence_factor == oracle.absence_factor()
    newcomers, returning, stayed, previous = oracle.renewal()
    assert (people.newcomers, people.returning) == (newcomers, returning)
    check_share(people.retention, stayed, previous, hanging.worth(hanging.stayed(oracle)))
    assert people.left == previous - stayed
    assert people.since == min((at(e) for e in oracle.all), default=None)


@settings(max_examples=100, deadline=None)
@given(entries(), windows, st.integers(1, 40))
def test_series(made: list[Entry], span: Window, step_ms: int) -> None:
    """Each point is the answer for its own little window."""
    step = timedelta(milliseconds=step_ms)
    frame = frame_of(made)
    answer = series(frame.snapshot(), span, step, NO_FLOOR)
    assert [point.start for point in answer.points] == sorted({point.start for point in answer.points})
    assert sum(point.posts for point in answer.points) == len(frame.rows(span))
    for point in answer.points:
        small = Oracle(made, OWN, Window(point.start, min(point.start + step, span.end)))
        assert point.posts == len(small.asked)
        assert point.authors == len({who(e) for e in small.asked})
        assert point.net == small.net()


def test_series_refuses_endless_steps() -> None:
    snapshot = Frame(()).snapshot()
    for step in (timedelta(0), timedelta(seconds=-1), timedelta(microseconds=1)):
        with pytest.raises(ValueError, match="step"):
            series(snapshot, window(0, 1_000), step, NO_FLOOR)


def test_the_floor_hides_estimates_and_keeps_counts() -> None:
    made = [
        entry(number, by=number, sentiment="positive", reply_to="x:root", reply_to_author="x:a9") for number in (2, 3)
    ]
    rows, asked = frame_of(made).rows(window(-1, 1)), Asked(Views(min_posts=3, min_authors=1))
    tone, peers = sentiment(rows, asked), peer_share(rows, asked)
    assert (tone.positive, tone.net, tone.interval, tone.insufficient) == (2, None, None, True)
    assert (peers.count, peers.total, peers.share, peers.insufficient) == (2, 2, None, True)


def test_without_history_nobody_is_called_a_newcomer_for_sure() -> None:
    made = [entry(number, ms=number, by=number) for number in range(2, 30)]
    assert renewal(frame_of(made).rows(window(0, 100)), ASKED).insufficient
    assert not renewal(frame_of(made).rows(window(10, 100)), ASKED).insufficient


def test_own_accounts_by_id_and_handle_in_any_case() -> None:
    rows = frame_of([entry(1, by=0), entry(2, by=1), entry(3, by=2)]).rows()
    assert rows.own.tolist().count(True) == 2


def test_a_handle_makes_all_posts_of_its_author_own() -> None:
    """Also those written before the account took the handle: what counts is the set of entries, not their order."""
    before: Collection[Entry] = [entry(1, ms=1, by=7)]
    renamed = entry(2, ms=2, author=Author(id="x:a7", handle="BRAND"))
    assert frame_of([*before, renamed]).rows().own.all()
    assert frame_of([renamed, *before]).rows().own.all()
