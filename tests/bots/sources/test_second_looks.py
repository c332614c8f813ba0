"""What is remembered of threads: when they are looked at again, and that the memory stays bounded."""

from __future__ import annotations

import json

import msgspec

from bots.sources.base import LOOKS_S, Bad, Batch
from bots.sources.second_looks import (
    MOST_IN_THREAD,
    MOST_POSTS,
    MOST_THREADS,
    Complaints,
    SecondLooks,
    Threads,
)


def test_news_is_what_is_new_or_says_something_else() -> None:
    looks = SecondLooks({})
    told = [looks.news("t", "a", words, 0.0) for words in ("one", "one", "two", "one")]
    assert told == ["create", None, "update", "update"]


def test_a_thread_is_due_after_each_wait_and_then_no_more() -> None:
    looks = SecondLooks({})
    looks.news("t", "a", "x", 100.0)
    for wait in LOOKS_S:
        assert looks.due(99.0 + wait, 9) == []
        assert looks.due(100.0 + wait, 9) == ["t"]
        looks.looked("t")
    assert looks.due(1e12, 9) == []


def test_a_lively_thread_is_looked_at_too() -> None:
    looks = SecondLooks({})
    for minute in range(61):
        looks.news("t", str(minute), "x", minute * 60.0)
    assert looks.due(3_600.0, 9) == ["t"]
    looks.looked("t")
    looks.news("t", "more", "x", 3_700.0)
    assert looks.due(7_299.0, 9) == []
    assert looks.due(7_300.0, 9) == ["t"]


def test_those_that_wait_longest_come_first() -> None:
    looks = SecondLooks({})
    for number in (3, 1, 2):
        looks.news(f"t{number}", "a", "x", float(number))
    assert looks.due(1e6, 2) == ["t1", "t2"]


def test_what_is_gone_is_told_once_and_only_if_it_had_been_told() -> None:
    looks = SecondLooks({})
    looks.news("t", "a", "x", 0.0)
    looks.news("t", "b", "x", 0.0)
    assert looks.gone("t", ["b", "c"]) == ["b"]
    assert looks.gone("t") == ["a"]
    assert (looks.gone("t"), looks.threads) == ([], {})


def test_the_memory_is_bounded_and_keeps_the_latest_news() -> None:
    many, long = SecondLooks({}), SecondLooks({})
    for number in range(MOST_THREADS + 50):
        many.news(f"t{number}", "a", "x", 0.0)
    assert (len(many.threads), "t49" in many.threads, "t50" in many.threads) == (MOST_THREADS, False, True)
    for number in range(20 * MOST_IN_THREAD):
        long.news(f"t{number // (MOST_IN_THREAD + 10)}", str(number), "x", 0.0)
    sizes = [len(thread.posts) for thread in long.threads.values()]
    assert max(sizes) == MOST_IN_THREAD
    assert sum(sizes) <= MOST_POSTS


def test_it_survives_a_resume_point() -> None:
    looks = SecondLooks({})
    looks.news("t", "a", "\ud800 half", 5.0)
    looks.looked("t")
    kept = json.loads(json.dumps(msgspec.to_builtins(looks.threads)))
    again = SecondLooks(msgspec.convert(kept, Threads))
    assert again.threads == looks.threads
    assert again.news("t", "a", "\ud800 half", 9.0) is None


def test_a_bad_record_is_handed_on_once() -> None:
    complaints, batch = Complaints(), Batch(bad=[Bad(b"1", "odd"), Bad(b"2", "odd")])
    assert len(complaints.without_known(batch).bad) == 2
    assert not complaints.without_known(batch).bad
