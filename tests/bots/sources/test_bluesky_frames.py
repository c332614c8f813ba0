"""Every recorded frame, good and bad, through the reader: what becomes of it, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sources.base import Batch
from bots.sources.bluesky_posts import Handles
from bots.sources.jetstream import Version, read
from bots.sources.jetstream_reader import Reader
from streams.records import Author, Post, check_post, erasure

RECORDINGS = Path(__file__).parents[2] / "recordings" / "jetstream"
ARRIVED = datetime(2026, 11, 3, 10, 20, tzinfo=UTC)
ANA, BEN, CAI = (
    "did:plc:ana2k5vz7m3qexample4ana2",
    "did:plc:ben4t6wr9p2qexample5ben4",
    "did:plc:cai7x3ys5n8qexample6cai7",
)
ROOT = f"bluesky:at://{ANA}/app.bsky.feed.post/3m4kq7vyxos2a"
REPLY = f"bluesky:at://{BEN}/app.bsky.feed.post/3m4kq9b2c5k2t"

# File, a part of the reason, and whether its position can be made out.
BAD = [
    ("v2-record-is-a-list", "Expected `object | null`, got `array` - at `$.payload.record`", True),
    ("v2-no-record", "the record is missing", True),
    ("v2-text-is-a-number", "$.payload.record.text", True),
    ("v2-created-at-nonsense", "Invalid RFC3339", True),
    ("v2-langs-is-a-string", "$.payload.record.langs", True),
    ("v2-reply-without-root", "`root`", True),
    ("v2-parent-is-no-at-uri", "not an at-uri: 'https://example.org'", True),
    ("v2-repost-without-subject", "the repost has no subject", True),
    ("v2-unknown-operation", "unknown operation 'merge'", True),
    ("v2-no-seq", "`seq`, `did` or `time` is missing", False),
    ("v2-no-did", "`seq`, `did` or `time` is missing", True),
    ("v2-no-time", "`seq`, `did` or `time` is missing", False),
    ("v2-no-payload", "the message has no payload", False),
    ("v2-is-a-v1-frame", "`$type`", False),
    ("v2-cut-off", "truncated", False),
    ("v2-not-utf8", "can't decode byte 0xe9", True),
    ("v2-empty", "truncated", False),
    ("v2-html", "malformed", False),
    ("v1-time-is-a-string", "$.time_us", False),
    ("v1-commit-is-a-list", "$.commit", True),
]


def through(name: str, handles: Handles | None = None, *, says: tuple[bytes, bytes] = (b"", b"")) -> Batch:
    """The batch that one recorded frame makes, with one thing in it said otherwise."""
    version: Version = "v1" if name.split("/")[1].startswith("v1") else "v2"
    reader = Reader("ws://host", version, None, None, timedelta(seconds=30), handles or Handles())
    frame = (RECORDINGS / f"{name}.json").read_bytes().removesuffix(b"\n")
    assert says[0] in frame
    return reader.batch([frame.replace(*says) if says[0] else frame])


def post(name: str) -> Post:
    """The one post in a good recording, past the gate."""
    batch = through(f"good/{name}")
    assert (len(batch.posts), batch.bad) == (1, [])
    return check_post(batch.posts[0], ARRIVED)


def test_a_post_with_link_mention_tags_and_language() -> None:
    assert post("v2-post") == Post(
        id=ROOT,
        platform="bluesky",
        author=Author(id=f"bluesky:{ANA}"),
        text="Probé el Café Azul con @ben.example.org, ver example.org/azul… #café",
        created_at=datetime(2026, 11, 3, 10, 15, 0, 512_000, tzinfo=UTC),
        lang="es",
        url=f"https://bsky.app/profile/{ANA}/post/3m4kq7vyxos2a",
        links=("https://example.org/azul?de=bsky",),
        hashtags=("café", "desayuno"),
        mentions=(f"bluesky:{BEN}",),
        thread=ROOT,
    )


def test_a_reply_knows_its_parent_its_root_and_whom_it_answers() -> None:
    reply = post("v2-reply")
    assert reply.kind == "reply"
    assert reply.thread == ROOT
    assert reply.reply_to == f"bluesky:at://{CAI}/app.bsky.feed.post/3m4kq8aaaaa2b"
    assert reply.reply_to_author == f"bluesky:{CAI}"


@pytest.mark.parametrize(
    ("name", "quoted", "whose", "links"),
    [
        ("v2-quote", ROOT, f"bluesky:{ANA}", ()),
        ("v2-quote-with-media", REPLY, f"bluesky:{BEN}", ()),
        ("v2-quote-with-card", REPLY, f"bluesky:{BEN}", ("https://example.org/news",)),
        ("v2-feed-embedded", None, None, ()),
    ],
)
def test_quotes(name: str, quoted: str | None, whose: str | None, links: tuple[str, ...]) -> None:
    found = post(name)
    assert (found.quote_of, found.quote_of_author, found.links) == (quoted, whose, links)
    assert found.thread == found.id


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("v2-link-card", "El Café Azul abre en Lavapiés"),
        ("v2-images-no-text", "Dos tazas\nLa terraza"),
        ("v2-video-no-text", "[video]"),
    ],
)
def test_a_post_without_text_is_still_a_turn_in_the_conversation(name: str, text: str) -> None:
    assert post(name).text == text


def test_a_link_card_is_a_link() -> None:
    assert post("v2-link-card").links == ("https://example.org/azul",)


def test_null_where_a_list_belongs_is_none_and_any_time_zone_becomes_utc() -> None:
    found = post("v2-nulls")
    assert (found.lang, found.hashtags, found.reply_to) == (None, (), None)
    assert found.created_at == datetime(2026, 11, 3, 10, 15, tzinfo=UTC)


def test_an_edit_keeps_the_id() -> None:
    edited = post("v2-update")
    assert (edited.op, edited.id, edited.text) == ("update", ROOT, "Probé el Café Azul (corregido)")


def test_a_deletion_is_an_id() -> None:
    assert post("v2-delete") == Post(id=ROOT, op="delete", platform="bluesky")
    assert post("v1-delete") == Post(id=ROOT, op="delete", platform="bluesky")


def test_a_repost_joins_the_thread_of_its_subject_and_can_be_taken_back() -> None:
    repost, back = post("v2-repost"), post("v2-repost-delete")
    assert (repost.kind, repost.repost_of, repost.thread) == ("repost", ROOT, ROOT)
    assert (repost.repost_of_author, repost.author) == (f"bluesky:{ANA}", Author(id=f"bluesky:{BEN}"))
    assert back == Post(id=repost.id, op="delete", platform="bluesky")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_identity_event_names_the_account_from_then_on(version: str) -> None:
    handles = Handles()
    assert through(f"good/{version}-identity", handles).posts == []
    found = through("good/v2-repost", handles).posts[0]
    assert found.author == Author(id=f"bluesky:{BEN}", handle="ben.example.org")


@pytest.mark.parametrize(
    ("name", "second"),
    [("v2-account-deleted", 37.123473), ("v2-account-takendown", 38.123474), ("v1-account-deleted", 18.512345)],
)
def test_an_account_that_is_gone_erases_its_author_and_a_fast_clock_saves_nothing(name: str, second: float) -> None:
    """Until five minutes after the server saw it: so far ahead of its arrival a post may be dated."""
    until = datetime(2026, 11, 3, 10, 20, tzinfo=UTC) + timedelta(seconds=second)
    assert through(f"good/{name}").posts == [erasure(f"bluesky:{CAI}", until)]
    assert post(name).erases_author


@pytest.mark.parametrize("status", [b"suspended", b"deactivated", b"throttled", b"desynchronized", b"of-a-later-kind"])
def test_an_account_that_only_rests_keeps_its_posts(status: bytes) -> None:
    batch = through("good/v2-account-deleted", says=(b"deleted", status))
    assert (batch.posts, batch.bad) == ([], [])
    assert batch.cursor["seq"] == 7204118017


@pytest.mark.parametrize("status", [b"", b',"status":"deleted"'])
def test_an_account_that_is_back_brings_nothing_back(status: bytes) -> None:
    back = (b'"active":false,"did":"did:plc:cai7x3ys5n8qexample6cai7"', b'"active":true' + status)
    batch = through("good/v2-account-takendown", says=back)
    assert (batch.posts, batch.bad) == ([], [])


def test_which_states_erase_is_an_option() -> None:
    reader = Reader("ws://host", "v2", None, None, timedelta(seconds=30), Handles(), ("deactivated",))
    frame = (RECORDINGS / "good" / "v2-account-deleted.json").read_bytes()
    assert reader.batch([frame]).posts == []
    later = frame.replace(b"deleted", b"deactivated").replace(b"7204118017", b"7204118018")
    assert [post.id for post in reader.batch([later]).posts] == [f"bluesky:{CAI}"]


def test_the_handle_of_an_account_that_is_gone_is_forgotten() -> None:
    handles = Handles()
    handles.learn(CAI, "cai.example.org")
    through("good/v2-account-deleted", handles)
    assert handles.get(CAI) == ""


@pytest.mark.parametrize("account", [b'"active":"no"', b'"active":null'])
def test_a_state_that_cannot_be_read_is_a_dead_letter(account: bytes) -> None:
    batch = through("good/v2-account-deleted", says=(b'"active":false', account))
    assert (batch.posts, len(batch.bad)) == ([], 1)
    assert batch.cursor["seq"] == 7204118017


@pytest.mark.parametrize("name", ["v2-sync", "v2-like", "v2-later-kind"])
def test_what_is_no_post_moves_the_cursor_only(name: str) -> None:
    batch = through(f"good/{name}")
    assert (batch.posts, batch.bad) == ([], [])
    assert batch.cursor["time"] > 1_793_000_000_000_000


def test_a_frame_of_a_later_revision_is_passed_over() -> None:
    assert through("good/v2-later-revision") == Batch([], None, [], None)


def test_v1_with_and_without_the_cursor_of_new_servers() -> None:
    assert post("v1-post").text == "Hola desde v1"
    cursor = through("good/v1-post-of-a-new-server").cursor
    assert len(cursor.pop("last")) == 16
    assert cursor == {"host": "ws://host", "version": "v1", "time": 1_793_700_915_512_399, "seq": 0}


@pytest.mark.parametrize(("name", "reason", "placed"), BAD)
def test_a_bad_frame_is_a_dead_letter_with_its_reason(name: str, reason: str, placed: bool) -> None:
    batch = through(f"bad/{name}")
    assert batch.posts == []
    (bad,) = batch.bad
    assert reason in bad.reason
    assert bad.record == (RECORDINGS / "bad" / f"{name}.json").read_bytes().removesuffix(b"\n")
    # Where its position can be made out, the cursor goes beyond it, so that it does not come again for ever.
    assert bad.offset.endswith("seq=0 time_us=0") is not placed


def test_every_bad_recording_has_its_test() -> None:
    assert {case[0] for case in BAD} == {path.stem for path in (RECORDINGS / "bad").glob("*.json")}


@pytest.mark.parametrize(
    "frame", [b"[" * 200_000, b'{"x":' + b"[" * 200_000, b'{"did":"a","time_us":' + b"9" * 5_000 + b"}"]
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_monstrous_frames_are_dead_letters(version: Version, frame: bytes) -> None:
    reader = Reader("ws://host", version, None, None, timedelta(seconds=30), Handles())
    assert len(reader.batch([frame]).bad) == 1


def test_a_million_characters_come_through_to_the_gate() -> None:
    frame = (RECORDINGS / "good" / "v1-post.json").read_bytes().replace(b"Hola desde v1", b"x" * 1_000_000)
    reader = Reader("ws://host", "v1", None, None, timedelta(seconds=30), Handles())
    assert len(reader.batch([frame]).posts[0].text) == 1_000_000


@given(frame=st.binary(max_size=200), version=st.sampled_from(["v1", "v2"]))
def test_no_bytes_raise(frame: bytes, version: Version) -> None:
    Reader("ws://host", version, None, None, timedelta(seconds=30), Handles()).batch([frame])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(["record", "did", "seq", "time", "operation", "collection", "rkey"]), value=json_values)
def test_any_value_in_any_field_is_a_post_or_a_dead_letter(field: str, value: Any) -> None:
    import msgspec

    frame = msgspec.json.decode((RECORDINGS / "good" / "v2-post.json").read_bytes())
    frame["payload"][field] = value
    found = read("v2", msgspec.json.encode(frame))
    assert found is not None


def test_handles_are_bounded_and_the_oldest_goes_first() -> None:
    handles = Handles(size=2)
    for number in range(3):
        handles.learn(f"did:{number}", f"{number}.example.org")
    assert [handles.get(f"did:{number}") for number in range(3)] == ["", "1.example.org", "2.example.org"]
    handles.learn("did:1", "handle.invalid")
    assert handles.get("did:1") == ""
