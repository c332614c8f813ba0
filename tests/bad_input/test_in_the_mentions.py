"""Bad records straight in `mentions`, which only the match stage should write: they end in the dead letters too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streams.entry_keys import entry_key
from streams.topics import partition_of
from tests.bad_input.records import BRAND, form
from tests.bad_input.service import Service

pytestmark = pytest.mark.timeout(600)
PARTITION = partition_of(BRAND, 2)
KEY = entry_key(BRAND, "test:entry")


def entry(**fields: Any) -> bytes:
    """An entry of a good post, but for the post's `fields`."""
    post = form(**{"id": "test:entry"} | fields)
    return json.dumps({"brand": BRAND, "post": post, "via": "name", "seen_at": "2026-01-01T00:00:00Z"}).encode()


RETRACTION = json.dumps({"retract": "test:entry", "brand": BRAND}, separators=(",", ":")).encode()
BAD = (
    ("malformed JSON", KEY, entry()[:-1], "truncated"),
    ("an entry without author", KEY, entry(author=...), "without author or time"),
    ("an entry without time", KEY, entry(created_at=...), "without author or time"),
    ("an entry with a time without zone", KEY, entry(created_at="2026-01-01T00:00:00"), "without author or time"),
    ("a key that is no text", b"\xff\xfe", entry(), "utf-8"),
    ("a tombstone whose key is no text", b"\xff\xfe", None, "utf-8"),
    ("the key of another entry", entry_key(BRAND, "test:other"), entry(), "different entries"),
    ("the key of another brand", entry_key("other", "test:entry"), entry(), "different entries"),
    ("a retraction under another key", entry_key(BRAND, "test:other"), RETRACTION, "different entries"),
)


@pytest.mark.parametrize(("name", "key", "value", "reason"), BAD, ids=[name for name, *_ in BAD])
async def test_a_bad_mention_is_a_dead_letter(
    service: Service, name: str, key: bytes, value: bytes | None, reason: str
) -> None:
    """And the entry that stands behind it is counted."""
    post_id = f"test:{name}"
    (offset,) = await service.write([value], topic=service.topics.mentions, key=key, partition=PARTITION)
    good = entry(id=post_id)
    await service.write([good], topic=service.topics.mentions, key=entry_key(BRAND, post_id), partition=PARTITION)
    place = f"{service.topics.mentions}/{PARTITION}/{offset}"
    assert reason in (await service.until_letters([place]))[place].reason
    assert "test:entry" not in await service.until_counted([post_id])
