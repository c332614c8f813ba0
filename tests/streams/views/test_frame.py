"""The columns: exact windows, removal without a trace, any order of arrival, bounded memory."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.records import Entry
from streams.views import frame as frame_module
from streams.views.columns import ROW_BYTES, identity, language, microseconds, moment
from streams.views.frame import Frame, Window
from streams.views.pulse import numbers, pulse
from tests.streams.views.generate import NO_FLOOR, OWN, T0, entries, entry, frame_of, made, window
from tests.streams.views.oracle import at

EARLIEST = datetime(1, 1, 2, tzinfo=UTC).replace(tzinfo=None)  # as hypothesis wants them
LATEST = datetime(9999, 12, 30, tzinfo=UTC).replace(tzinfo=None)
CONFUSION = {"en": ((70, 20, 10), (20, 60, 20), (10, 20, 70))}


@pytest.fixture(autouse=True)
def _small_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging and compacting happen all the time."""
    monkeypatch.setattr(frame_module, "SMALLEST_TAIL", 7)


def answers(frame: Frame, span: Window | None = None) -> bytes:
    """Every number as the bytes the API would send: equal only when equal to the last digit."""
    return msgspec.json.encode(numbers(frame, span or window(10, 90), NO_FLOOR, CONFUSION))


@settings(max_examples=60, deadline=None)
@given(entries(), entries(), st.randoms(use_true_random=False))
def test_add_then_remove_leaves_no_trace(kept: list[Entry], first: list[Entry], random: Random) -> None:
    """`first` are earlier forms of posts that are `kept` in a later one, and others: all of them go again."""
    frame, here = Frame(OWN), dict[str, Entry]()
    for new in first:
        frame.add(new)
        here[new.post.id] = new
    for new in kept:
        if new.post.id in here:
            frame.remove(here.pop(new.post.id))
        frame.add(new)
    leavers = list(here.values())
    random.shuffle(leavers)
    for old in leavers:
        frame.remove(old)
    assert len(frame) == len(kept)
    assert answers(frame) == answers(frame_of(kept))


@settings(max_examples=60, deadline=None)
@given(entries(), st.randoms(use_true_random=False))
def test_order_does_not_matter(some: list[Entry], random: Random) -> None:
    shuffled = some[:]
    random.shuffle(shuffled)
    assert answers(frame_of(shuffled)) == answers(frame_of(some))


@settings(max_examples=60, deadline=None)
@given(entries(), st.integers(-5, 105), st.integers(-5, 105))
def test_a_window_is_cut_exactly(some: list[Entry], start: int, end: int) -> None:
    """To the microsecond, the start in, the end out; nothing when the end is before the start."""
    span = window(start, end)
    rows = frame_of(some).rows(span)
    inside = sorted((microseconds(at(e)), identity(e.post.id)) for e in some if span.start <= at(e) < span.end)
    assert list(zip(rows.time.tolist(), rows.post.tolist(), strict=True)) == inside


@settings(max_examples=100, deadline=None)
@given(entries(), st.sampled_from(["root", "author", "post"]), st.integers(-5, 105), st.integers(-5, 105), st.randoms())
def test_some_rows_of_a_window_are_found_without_looking_at_the_others(
    some: list[Entry], name: str, start: int, end: int, random: Random
) -> None:
    """As a look at each of them finds them: rows of the tail, sorted ones, and none that was removed."""
    frame, span = frame_of(some), window(start, end)
    for gone in random.sample(some, len(some) // 3):
        frame.remove(gone)
    values = np.unique(frame.rows().column(name))
    chosen = np.union1d(values[random.choices([True, False], k=len(values))] if len(values) else values, [-1, 7])
    found, rows = frame.snapshot().among(name, chosen, span), frame.rows(span)
    inside = np.isin(rows.column(name), chosen)
    for field in ("time", "post", "author", "kind", "reply_post"):
        assert found.column(field).tolist() == rows.column(field)[inside].tolist()


@settings(max_examples=60, deadline=None)
@given(entries())
def test_slices_by_platform_and_language_make_up_the_whole(some: list[Entry]) -> None:
    frame, span = frame_of(some), window(10, 90)
    whole = pulse(frame, span, NO_FLOOR)
    by_platform = [pulse(frame, span, NO_FLOOR, platform=name) for name in ("x", "y")]
    by_lang = [pulse(frame, span, NO_FLOOR, lang=name) for name in ("en", "es", "und")]
    for slices in (by_platform, by_lang):
        assert sum(part.posts for part in slices) == whole.posts
        assert sum(part.sentiment.posts for part in slices) == whole.sentiment.posts
        assert sum(part.peer_share.count for part in slices) == whole.peer_share.count
        assert sum(part.peer_share.total for part in slices) == whole.peer_share.total
        assert sum(part.first_response.threads for part in slices) == whole.first_response.threads
    assert sum(part.threads_without_brand.total for part in by_platform) == whole.threads_without_brand.total
    assert [part.posts for part in by_platform] == [whole.by_platform.get(name, 0) for name in ("x", "y")]
    assert [part.posts for part in by_lang] == [whole.by_lang.get(name, 0) for name in ("en", "es", "und")]


class Life(RuleBasedStateMachine):
    """Any history of adds, edits, removals and questions; a dictionary is the model."""

    @initialize(seed=st.integers(0, 2**32))
    def start(self, seed: int) -> None:
        self.random, self.frame, self.held = Random(seed), Frame(OWN), dict[str, Entry]()

    @rule(count=st.integers(1, 25))
    def deliver(self, count: int) -> None:
        """New posts, and new forms of old ones, maybe at another time."""
        for new in made(self.random, count):
            if (old := self.held.get(new.post.id)) is not None:
                self.frame.remove(old)
            self.frame.add(new)
            self.held[new.post.id] = new

    @rule(count=st.integers(1, 15))
    def delete(self, count: int) -> None:
        for name in self.random.sample(sorted(self.held), min(count, len(self.held))):
            self.frame.remove(self.held.pop(name))

    @rule()
    def ask(self) -> None:
        """A question leaves no trace either."""
        answers(self.frame)

    @invariant()
    def counts(self) -> None:
        if hasattr(self, "frame"):
            assert len(self.frame) == len(self.held) == len(self.frame.rows())

    def teardown(self) -> None:
        if hasattr(self, "frame"):
            assert answers(self.frame) == answers(frame_of(list(self.held.values())))


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_what_is_not_there_cannot_be_removed() -> None:
    frame, one = Frame(()), entry(1, ms=5)
    with pytest.raises(KeyError):
        frame.remove(one)
    frame.add(one)
    with pytest.raises(KeyError):
        frame.remove(entry(1, ms=6))
    with pytest.raises(KeyError):
        frame.remove(entry(2, ms=5))
    frame.remove(one)
    with pytest.raises(KeyError):
        frame.remove(one)
    assert len(frame) == 0


def test_removed_twice_from_the_sorted_part() -> None:
    some = made(Random(1), 50)
    frame = frame_of(some)
    frame.remove(some[3])
    with pytest.raises(KeyError):
        frame.remove(some[3])
    assert len(frame) == 49


def test_a_post_is_not_counted_twice_unnoticed() -> None:
    frame = frame_of([entry(1)])
    with pytest.raises(ValueError, match="counted already"):
        frame.add(entry(1))


def test_entries_without_author_or_time_are_refused() -> None:
    frame = Frame(())
    for broken in (entry(1, author=None), entry(1, created_at=None)):
        with pytest.raises(ValueError, match="author or time"):
            frame.add(broken)
    assert len(frame) == 0


def test_a_snapshot_does_not_follow() -> None:
    some = made(Random(2), 60)
    frame = frame_of(some[:40])
    snapshot = frame.snapshot()
    before = msgspec.json.encode(numbers(snapshot, window(0, 100), NO_FLOOR))
    for old in some[:10]:
        frame.remove(old)
    frame.add_many(some[40:])
    assert msgspec.json.encode(numbers(snapshot, window(0, 100), NO_FLOOR)) == before
    assert len(frame.rows()) == 50


def test_a_snapshot_may_be_read_in_another_thread() -> None:
    some = made(Random(3), 2_000, span_ms=1_000)
    frame = frame_of(some[:1_000])
    snapshot, found = frame.snapshot(), list[bytes]()

    def read() -> None:
        found.append(msgspec.json.encode(numbers(snapshot, window(0, 1_000), NO_FLOOR)))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for old, new in zip(some[:1_000], some[1_000:], strict=True):
        frame.remove(old)
        frame.add(new)
    for thread in threads:
        thread.join()
    assert found == [msgspec.json.encode(numbers(frame_of(some[:1_000]), window(0, 1_000), NO_FLOOR))] * 4


def test_memory_stays_flat_under_endless_replacement() -> None:
    """What is held is the living rows and a bounded share of dead ones."""
    some = made(Random(4), 300, span_ms=1_000)
    frame = frame_of(some)
    for turn in range(30):
        for old in some:
            frame.remove(old)
            frame.add(old)
        held = len(frame._sorted) + len(frame._tail) // ROW_BYTES
        assert held < 1.3 * len(some) + 2 * frame_module.SMALLEST_TAIL, turn


def test_times_for_the_alert_rules() -> None:
    frame = frame_of([entry(1, ms=7), entry(2, ms=3), entry(3, ms=5)])
    frame.remove(entry(3, ms=5))
    first = int(T0.timestamp() * 1_000)
    assert frame.times().tolist() == [first + 3, first + 7]
    assert frame.times().dtype == np.int64


def test_the_parent_may_come_later_or_be_in_another_window() -> None:
    child, parent = entry(2, ms=50, by=2, reply_to="x:p1"), entry(1, ms=1, by=3)
    frame = frame_of([child])
    assert len(frame.rows(window(40, 60)).interactions.source) == 0
    frame.add(parent)
    assert frame.rows(window(40, 60)).interactions.target.tolist() == [identity("x:a3")]
    frame.remove(parent)
    assert len(frame.rows(window(40, 60)).interactions.source) == 0


def test_many_posts_at_one_moment() -> None:
    some = [entry(number, ms=1, by=number % 9) for number in range(500)]
    frame = frame_of(some)
    for old in some[::2]:
        frame.remove(old)
    kept = [identity(e.post.id) for e in some[1::2]]
    assert frame.rows().post.tolist() == sorted(kept)


@given(st.datetimes(min_value=EARLIEST, max_value=LATEST, timezones=st.just(UTC)))
def test_times_are_kept_to_the_microsecond(when: datetime) -> None:
    assert moment(microseconds(when)) == when


def test_times_in_other_zones_are_the_same_moment() -> None:
    there = T0.astimezone(timezone(timedelta(hours=-7)))
    assert microseconds(there) == microseconds(T0)
    with pytest.raises(TypeError):
        microseconds(T0.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        *[("es", "es"), ("es-MX", "es"), ("EN_gb", "en"), ("gsw", "gsw"), ("zh-Hant-TW", "zh"), (None, "und")],
        *[("", "und"), ("english", "und"), ("e", "und"), ("español", "und"), ("x" * 5_000, "und"), ("12", "und")],
    ],
)
def test_languages_come_down_to_a_bounded_set(tag: str | None, name: str) -> None:
    assert language(tag) == name
