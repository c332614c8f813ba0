"""The records in the body of a request: one JSON object, a list of them, or one per line (NDJSON)."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from config.inlet_paths import Path
from streams.mending import mended

MOST_RECORDS = 10_000
BOM = b"\xef\xbb\xbf"


class Unreadable(ValueError):
    """The body as a whole makes no sense; its text says why."""


class TooMany(ValueError):
    """More records than one request may bring."""


class Item(NamedTuple):
    """One record, and the body (of NDJSON: the line) in which it stands. With a `problem` it is only bytes."""

    record: Any
    body: Any
    problem: str = ""


def items_of(body: bytes, records: Path | None) -> list[Item]:
    """The records in order; `records` says where in each document they stand. Raises `Unreadable`, `TooMany`."""
    items: list[Item] = []
    for document in _documents(body.removeprefix(BOM).strip()):
        items += [document] if document.problem else _inside(document.body, records)
        if len(items) > MOST_RECORDS:
            raise TooMany(f"a request may bring {MOST_RECORDS} records")
    return items


def _documents(text: bytes) -> list[Item]:
    if not text:
        raise Unreadable("the body is empty")
    try:
        return [Item(None, decoded(text))]
    except Unreadable:  # not one document: perhaps one in each line
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0]):
            raise
        if len(lines) > MOST_RECORDS:
            raise TooMany(f"a request may bring {MOST_RECORDS} records") from None
        return list(map(_line, lines))


def _line(line: bytes) -> Item:
    try:
        return Item(None, decoded(line))
    except Unreadable as error:
        return Item(line, None, str(error))


def _is_json(line: bytes) -> bool:
    try:
        decoded(line)
    except Unreadable:
        return False
    return True


def _inside(body: Any, records: Path | None) -> list[Item]:
    found = body if records is None else records.find(body, body)
    return [Item(record, body) for record in (found if isinstance(found, list) else [found])]


def decoded(text: bytes) -> Any:
    """JSON of any kind. Of a key that stands twice the last one counts. Raises `Unreadable`."""
    try:
        return msgspec.json.decode(text)
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except msgspec.DecodeError as error:
        better = mended(text)
        if better == text:
            raise Unreadable(f"it is no JSON: {error}") from None
    return decoded(better)  # mended once, it is the same for ever
