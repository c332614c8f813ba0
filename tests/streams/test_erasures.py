"""An erased author: the posts go, late ones do not count, later ones do, and it is remembered long enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.oracle import final_posts
from config.schema import Config
from streams.erasures import Erasure, merged
from streams.match import AUTHORS
from streams.records import Author, BadPost, Post, Retraction, check_post, decode_post, encode, erasure, parse_mention
from streams.store import Batch
from tests.streams.histories import START, erased, post
from tests.streams.matching import KEEP_MS, SEEN_MS, Around, Crash

ARRIVED = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def around(tmp_path: Path) -> Around:
    """Two partitions and one brand."""
    brands = [{"name": "apple", "terms": ["apple"]}]
    return Around(tmp_path, Config.model_validate({"brands": brands, "kafka": {"posts_partitions": 2}}))


def belongs(around: Around) -> set[str]:
    """The ids of the posts in the ledger."""
    return {post_id for _, post_id in around.entries()}


def tick(around: Around, now_ms: int) -> None:
    """Every partition forgets what is too old by then."""
    for number, matcher in enumerate(around.matchers):
        matcher.membership.forget(now_ms)
        around.erasures[number] = {
            name: value
            for name, value in around.erasures[number].items()
            if matcher.membership.erasures.news.get(name.decode(), "there") is not None
        }
        batch = Batch()
        matcher.membership.commit(batch)
        matcher.store.write(batch)


# -- the record ------------------------------------------------------------------------------------------------------


def test_a_deletion_under_the_authors_own_id_erases_the_author() -> None:
    line = b'{"op":"delete","id":"t:ana","author":{"id":"t:ana","name":"Ana"},"created_at":"2026-01-01T00:00:00Z"}'
    found = decode_post(line, ARRIVED)
    assert found.erases_author
    assert found == Post("t:ana", "delete", author=Author("t:ana"), created_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "line",
    [
        b'{"op":"delete","id":"t:1","author":{"id":"t:ana"},"created_at":"2026-01-01T00:00:00Z"}',
        b'{"op":"delete","id":"t:ana"}',
    ],
)
def test_any_other_deletion_is_of_one_post(line: bytes) -> None:
    found = decode_post(line, ARRIVED)
    assert not found.erases_author
    assert found == Post(found.id, "delete")


def test_without_a_time_it_is_until_now_and_never_later() -> None:
    bare = decode_post(b'{"op":"delete","id":"t:ana","author":{"id":"t:ana"}}', ARRIVED)
    assert bare.created_at == ARRIVED
    assert check_post(erasure("t:ana", ARRIVED + timedelta(days=9)), ARRIVED).created_at == ARRIVED
    with pytest.raises(BadPost, match="before 1990"):
        check_post(erasure("t:ana", datetime(1970, 1, 1, tzinfo=UTC)), ARRIVED)


def test_what_an_earlier_version_wrote_is_read_and_what_it_reads_is_as_before() -> None:
    assert b"again" not in encode(post(1))
    assert encode(erased("a", 0, again=False)).endswith(b'"again":false}')
    assert encode(erased("a", 0)).endswith(b'"created_at":"2026-01-01T00:00:00Z"}')


@pytest.mark.parametrize("author_id", ["t:" + "x" * 1_100, "t:a\x00b"])
def test_an_authors_id_that_no_index_can_hold_is_refused(author_id: str) -> None:
    with pytest.raises(BadPost, match=r"`author\.id`"):
        check_post(msgspec.structs.replace(post(1), author=Author(author_id)), ARRIVED)


words = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, True, False]), st.integers(0, 9)), min_size=1)


@given(told=words, data=st.data())
def test_the_order_of_erasures_does_not_matter(told: list[tuple[int, bool | None, int]], data: st.DataObject) -> None:
    def of(order: list[tuple[int, bool | None, int]]) -> Erasure:
        known: Erasure | None = None
        for minute, again, seen in order:
            known = merged(known, erased("a", minute, again), seen)
        assert known is not None
        return msgspec.structs.replace(known, seen_ms=0)

    found = of(told)
    assert of(data.draw(st.permutations(told))) == of([*told, *told]) == found
    history = [erased("a", minute, again) for minute, again, _ in told]
    for minute in range(-1, 8):
        gone = not final_posts([*history, post(1, minute=minute)])
        assert found.covers(round(START.timestamp() * 1_000) + 60_000 * minute) == gone


# -- matching --------------------------------------------------------------------------------------------------------


async def test_all_posts_of_the_author_go_from_every_partition_and_nobody_elses(around: Around) -> None:
    mine = [post(number, "my apple") for number in range(12)]
    await around.feed(*mine, post(20, "an apple", by="b"), post(21, "so it is", reply_to="t:20", thread="t:20"))
    assert {len(log) for log in around.log} != {0}
    assert belongs(around) == {f"t:{number}" for number in (*range(12), 20, 21)}
    await around.feed(erased("a", 60))
    assert belongs(around) == {"t:20"}
    buried = [parse_mention(value) for value in around.ledger.values() if b"retract" in value]
    assert {(each.retract, each.reason) for each in buried if isinstance(each, Retraction)} == {
        (f"t:{number}", "deleted") for number in (*range(12), 21)
    }
    assert {post_id for _, post_id in around.untold} == {f"t:{number}" for number in (*range(12), 21)}


async def test_what_lived_by_an_erased_post_goes_too(around: Around) -> None:
    """Answers, quotes and reposts of others belong through it, as through any post that is deleted."""
    await around.feed(
        post(1, "my apple"),
        post(2, "nice", by="b", reply_to="t:1", thread="t:1"),
        post(3, "look", by="b", quote_of="t:1"),
        post(4, "", by="b", repost_of="t:1"),
        post(5, "another apple", by="b", reply_to="t:1", thread="t:1"),
        post(6, "true", by="b", reply_to="t:5", thread="t:1"),
    )
    await around.feed(erased("a", 60))
    assert belongs(around) == {"t:5", "t:6"}


async def test_what_waits_goes_too_and_does_not_come_back(around: Around) -> None:
    await around.feed(post(2, "nice", reply_to="t:1", thread="t:1"), erased("a", 60))
    await around.feed(post(1, "my apple", by="b"))
    assert belongs(around) == {"t:1"}
    assert {post_id for _, post_id in around.untold} == {"t:2"}


async def test_a_late_post_does_not_count_and_a_later_one_does(around: Around) -> None:
    """By event time: one that was written until then is gone, one after it says that the author is back."""
    await around.feed(erased("a", 10))
    await around.feed(*(post(number, "my apple") for number in (9, 10, 11)))
    assert belongs(around) == {"t:11"}
    assert {post_id for _, post_id in around.untold} == {"t:9", "t:10"}
    assert not any(b"my apple" in value for key, value in around.ledger.items() if not key.endswith(b"t:11"))


async def test_an_edit_does_not_bring_it_back(around: Around) -> None:
    await around.feed(post(1, "my apple"), erased("a", 10))
    await around.feed(post(1, "my apple"), msgspec.structs.replace(post(1, "an apple"), op="update"))
    assert belongs(around) == set()


async def test_another_authors_post_under_the_same_id_is_left_alone(around: Around) -> None:
    await around.feed(post(1, "my apple", by="b"), erased("a", 10), post(1, "an apple"))
    assert belongs(around) == {"t:1"}
    assert around.untold == set()


async def test_a_post_whose_id_is_an_authors_is_left_alone(around: Around) -> None:
    """On some networks both are bare names: `t:7` may be a post, and somebody called 7."""
    await around.feed(post(7, "my apple"), erased("7", 60))
    assert belongs(around) == {"t:7"}


async def test_an_objection_holds_for_all_times_until_it_is_taken_back(around: Around) -> None:
    await around.feed(post(1, "my apple"), erased("a", 10, again=False))
    await around.feed(post(11, "my apple"), erased("a", 12), post(30, "my apple"))
    assert belongs(around) == set()
    await around.feed(erased("a", 40, again=True), post(11, "my apple"), post(39, "my apple"), post(41, "my apple"))
    assert belongs(around) == {"t:41"}


@pytest.mark.parametrize("topic", ["mentions", "posts", "erasures"])
@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_disk_lost_in_the_midst_of_an_erasure_leaves_no_entry(around: Around, topic: str, fails: str) -> None:
    """Who restores an erasure takes the retractions for granted: so they must have been delivered before it."""
    await around.feed(*(post(number, "my apple") for number in range(4)))
    around.append(erased("a", 60))
    for number, log in enumerate(around.log):
        around.fails, around.fails_at = fails, topic
        with pytest.raises(Crash):
            await around.matchers[number].process(log[-1:], log[-1].offset)
        await around.rebuild(number, len(log) - 1, Random(1))
        await around.process(number, log[-1:])
    assert belongs(around) == set()
    assert len(around.untold) == 4
    assert [list(held) for held in around.erasures] == [[b"t:a"], [b"t:a"]]


async def test_to_lift_an_objection_that_never_stood_erases_nothing(around: Around) -> None:
    """A slip of whoever orders it must not cost an author's posts."""
    await around.feed(post(1, "my apple"), erased("a", 30, again=True), post(2, "an apple"))
    assert belongs(around) == {"t:1", "t:2"}
    await around.feed(erased("a", 40, again=False))
    assert belongs(around) == set()


async def test_an_erasure_and_what_follows_it_in_one_batch(around: Around) -> None:
    await around.feed(erased("a", 10, again=False), post(9, "apple"), erased("a", 11, again=True), post(12, "apple"))
    assert belongs(around) == {"t:12"}


# -- what is remembered, and for how long ----------------------------------------------------------------------------


def families(around: Around, *names: bytes) -> list[bytes]:
    """The keys of these families in all stores."""
    return [key for matcher in around.matchers for name in names for key, _ in matcher.store.scan(name)]


async def test_it_is_remembered_as_long_as_the_ledger_and_then_forgotten_everywhere(around: Around) -> None:
    await around.feed(post(1, "my apple"), erased("a", 10))
    tick(around, SEEN_MS + KEEP_MS - 1)
    await around.feed(post(2, "my apple"))
    assert belongs(around) == set()
    assert all(around.erasures)
    tick(around, SEEN_MS + KEEP_MS + 1)
    assert families(around, b"a", b"g", b"h") == []
    assert not any(around.erasures)


async def test_an_objection_is_never_forgotten(around: Around) -> None:
    await around.feed(erased("a", 10, again=False))
    tick(around, SEEN_MS + 100 * KEEP_MS)
    await around.feed(post(11, "my apple"))
    assert belongs(around) == set()
    await around.feed(erased("a", 20, again=True))
    tick(around, SEEN_MS + KEEP_MS + 1)
    assert families(around, b"g", b"h") == []


async def test_forgetting_tells_the_topic(around: Around) -> None:
    """By the matcher's own clock, whose now is far behind the records of these tests: so an old erasure is put in."""
    matcher = around.matchers[0]
    matcher.membership.erasures.put("t:a", Erasure(0, until_ms=0))
    await matcher._finish(None, [])
    around.erasures[0][b"t:a"] = b"{}"
    await matcher.tick()
    assert around.erasures[0] == {}
    assert families(around, b"g", b"h") == []


async def test_posts_that_are_forgotten_leave_the_index_of_their_author(around: Around) -> None:
    await around.feed(post(1, "my apple"), post(2, "x", reply_to="t:9", thread="t:9"), post(3, "", repost_of="t:8"))
    assert len(families(around, b"a")) == 3
    tick(around, SEEN_MS + KEEP_MS + 1)
    assert families(around, b"a") == []


async def test_a_store_of_an_earlier_version_gets_its_index(around: Around) -> None:
    await around.feed(*(post(number, "my apple") for number in range(6)))
    before = sorted(families(around, b"a"))
    for matcher in around.matchers:
        batch = Batch()
        batch.put(b"\x00restored", b"")
        for key, _ in matcher.store.scan(b"a"):
            batch.delete(key)
        matcher.store.write(batch)
        assert await matcher.open() == matcher.store.position(b"\x00applied")
        assert matcher.store.get(AUTHORS) is not None
    assert sorted(families(around, b"a")) == before
    await around.feed(erased("a", 60))
    assert belongs(around) == set()
