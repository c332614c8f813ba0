"""What outsiders may write: records that are no posts, each with words of the reason to be given."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

BRAND = "aurora"
MiB = 1024 * 1024


class Bad(NamedTuple):
    """A record that breaks the form, and words of the reason."""

    name: str
    value: bytes
    reason: str


def form(**fields: Any) -> dict[str, Any]:
    """A good post that names the brand, but for `fields`; a field set to `...` is left out."""
    good: dict[str, Any] = {
        "id": "test:bad",
        "platform": "test",
        "author": {"id": "test:author"},
        "text": f"I like {BRAND}",
        "created_at": datetime.now(UTC).isoformat(),
    }
    return {name: value for name, value in (good | fields).items() if value is not ...}


def line(**fields: Any) -> bytes:
    """The same as a line of JSON; lone surrogates stay escaped."""
    return json.dumps(form(**fields)).encode()


def _broken(old: bytes, new: bytes) -> bytes:
    value = line()
    assert old in value
    return value.replace(old, new)


BAD = (
    Bad("malformed JSON", line()[:-1], "truncated"),
    Bad("not JSON at all", b"<html>502</html>", "malformed"),
    Bad("an array", b"[]", "Expected `object`"),
    Bad("a number", b"42", "Expected `object`"),
    Bad("not UTF-8", _broken(b"I like", b"I \xff\xfe like"), "utf-8"),
    Bad("Latin-1", f'{{"id": "test:é", "text": "{BRAND}"}}'.encode("latin-1"), "utf-8"),
    Bad("UTF-16", line().decode().encode("utf-16"), ""),
    Bad("no id", line(id=...), "id"),
    Bad("an empty id", line(id=""), "`id` is missing"),
    Bad("an id without platform", line(id="just-a-name"), "<platform>:<native id>"),
    Bad("a number as id", line(id=7), "id"),
    Bad("NUL in the id", line(id="test:a\x00b"), "NUL"),
    Bad("NUL in the thread", line(reply_to="test:r", thread="test:a\x00b"), "`thread`"),
    Bad("NUL in what it answers", line(reply_to="test:a\x00b"), "`reply_to`"),
    Bad("a huge id", line(id="test:" + "x" * 2_000), "`id` is longer"),
    Bad("no platform", line(platform=...), "`platform` is missing"),
    Bad("no author", line(author=...), "`author.id` is missing"),
    Bad("an author without id", line(author={"handle": "somebody"}), "id"),
    Bad("an empty author", line(author={"id": ""}), "`author.id` is missing"),
    Bad("no time", line(created_at=...), "`created_at` is missing"),
    Bad("a time without zone", line(created_at="2026-01-01T00:00:00"), "no time zone"),
    Bad("a time that is none", line(created_at="yesterday"), "created_at"),
    Bad("a date of the moon landing", line(created_at="1969-07-20T20:17:00Z"), "before 1990"),
    Bad("before the first year", line(created_at="0001-01-01T00:00:00+14:00"), "created_at"),
    Bad("behind the last year", line(created_at="9999-12-31T23:59:59-14:00"), "created_at"),
    Bad("no text", line(text=...), "`text` is empty"),
    Bad("text of NULs only", line(text="\x00\x00"), "`text` is empty"),
    Bad("a text of 1 MB", line(text=f"{BRAND} " * (MiB // 7)), "`text` is longer"),
    Bad("an unknown op", line(op="upsert"), "op"),
    Bad("it answers itself", line(reply_to="test:bad"), "answers, reposts or quotes itself"),
    Bad("it reposts itself", line(repost_of="test:bad"), "answers, reposts or quotes itself"),
    Bad("2,000 mentions", line(mentions=[f"test:u{n}" for n in range(2_000)]), "`mentions` holds more"),
    Bad("2,000 links", line(links=[f"https://example.org/{n}" for n in range(2_000)]), "`links` holds more"),
    Bad("text as hashtag list", line(hashtags="aurora"), "hashtags"),
    Bad("infinitely many followers", _broken(b'"test:author"', b'"test:author", "followers": 1e400'), "followers"),
    Bad(
        "nested without end",
        _broken(b'"platform"', b'"deep":' + b"[" * 99_999 + b"]" * 99_999 + b',"platform"'),
        "nest",
    ),
    Bad("a deletion of nothing", b'{"op": "delete"}', "id"),
    Bad("a deletion of NUL", json.dumps({"op": "delete", "id": "test:\x00"}).encode(), "NUL"),
)

# JSON can spell half of a character. In the log that is no text; a replay mends it, as people paste such lines.
SURROGATES = (
    Bad("a lone surrogate in the text", line(text=f"{BRAND} \ud83d forever"), ""),
    Bad("a lone surrogate in the id", line(id="test:bad\udc00x"), ""),
    Bad("a lone surrogate in the author", line(author={"id": "test:\ud800uthor"}), ""),
)
