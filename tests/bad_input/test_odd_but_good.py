"""Odd records that are posts all the same: each is counted as DESIGN section 4 says, and takes nothing with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import KafkaError

from tests.bad_input.records import BRAND, form, line
from tests.bad_input.service import MANY, Service, good, partition_for

pytestmark = pytest.mark.timeout(600)


async def test_what_is_odd_is_made_plain(service: Service) -> None:
    """NULs leave the text, unknown fields the record; a date in the future becomes the arrival."""
    future = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    odd = {
        "test:nul": line(id="test:nul", text=f"I \x00like {BRAND}\x00"),
        "test:unknown-field": line(id="test:unknown-field", mood="sunny", nested={"a": [1, {"b": None}]}),
        "test:future": line(id="test:future", created_at=future),
        "test:decomposed": line(id="test:decomposed", text=f"cafe\u0301 {BRAND}"),
        "test:mentions": line(id="test:mentions", mentions=[f"test:u{number}" for number in range(1_000)]),
        "test:long": line(id="test:long", text=f"{BRAND} " + "long " * 19_000),
        "test:id with blanks / and ?&#%": line(id="test:id with blanks / and ?&#%"),
        "test:zone": line(id="test:zone", created_at="2026-01-01T00:00:00+14:00"),
        "test:stranger": line(id="test:stranger", lang="xx-unheard-of", url="no url at all", links=["http://[::1"]),
    }
    before = datetime.now(UTC) - timedelta(seconds=1)
    await service.write([*odd.values()])
    shown = odd.keys() - {"test:zone"}  # older than the window of the question
    found = {post_id: entry["post"] for post_id, entry in (await service.until_counted(shown)).items()}
    assert found["test:nul"]["text"] == f"I like {BRAND}"
    assert not {"mood", "nested"} & found["test:unknown-field"].keys()
    clamped = datetime.fromisoformat(found["test:future"]["created_at"])
    assert before <= clamped <= datetime.now(UTC)
    assert found["test:decomposed"]["text"] == f"caf\u00e9 {BRAND}"
    assert len(found["test:mentions"]["mentions"]) == 1_000


async def test_a_post_that_names_forty_brands_counts_for_each(service: Service) -> None:
    """And for each once."""
    post_id = "test:forty"
    await service.write([line(id=post_id, text=" ".join(MANY))] * 2)
    for brand in MANY:
        assert (await service.until_counted([post_id], brand))[post_id]["via"] == "name"
        pulse = await service.get(f"/api/brands/{brand}/pulse", window="90d")
        assert pulse["posts"] == 1


async def test_replies_in_a_ring_do_not_go_round_for_ever(service: Service) -> None:
    """Each answers the next, in one thread or each in its own; one of them names the brand."""
    ring = [
        line(id="test:ring-1", reply_to="test:ring-2", thread="test:ring"),
        line(id="test:ring-2", reply_to="test:ring-3", thread="test:ring", text="so"),
        line(id="test:ring-3", reply_to="test:ring-1", thread="test:ring", text="it goes"),
    ]
    quotes = [
        line(id="test:quote-1", quote_of="test:quote-2", text="look"),
        line(id="test:quote-2", quote_of="test:quote-1"),
    ]
    after = good(2)
    await service.write([*ring, *after.values()], partition=partition_for("test:ring"))
    await service.write(quotes)
    found = await service.until_counted(["test:ring-1", "test:ring-2", "test:ring-3", "test:quote-2", *after])
    assert found["test:ring-1"]["via"] == "name"
    assert found["test:ring-3"]["via"] == "thread"


async def test_the_broker_refuses_a_record_without_a_key(service: Service) -> None:
    """Compaction needs one; so none can ever come from `posts`."""
    with pytest.raises(KafkaError):
        await service.write([*good(1).values()], key=None)


async def test_records_without_value_or_sense(service: Service) -> None:
    """No value, a key that is no text, the wrong partition, a deletion of what nobody knows: no other is disturbed."""
    before, after = good(2), good(2)
    await service.write([*before.values()], key=b"not-the-id")
    await service.write([None], key=b"\xff\xfe")
    await service.write([json.dumps({"id": "test:never-seen", "op": "delete"}).encode(), None], key=b"test:never-seen")
    await service.write([*after.values()], key=b"\x00\xff", partition=1)
    await service.until_counted([*before, *after])


async def test_a_bad_edit_and_a_bad_deletion_change_nothing(service: Service) -> None:
    """The post stands as it was."""
    post_id, after = "test:stands", good(1)
    edit = json.dumps(form(id=post_id, op="update", text="x" * 200_000)).encode()
    gone = json.dumps({"id": post_id + "\x00", "op": "delete"}).encode()
    (_, first, second, _) = await service.write([line(id=post_id), edit, gone, *after.values()])
    await service.until_letters(f"{service.topics.posts}/0/{offset}" for offset in (first, second))
    assert (await service.until_counted([post_id, *after]))[post_id]["post"]["text"] == f"I like {BRAND}"
