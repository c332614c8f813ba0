"""The keys of entries: in the topics `mentions` and `ledger`, and in the store of a ledger partition.

e<brand NUL post id>              -> Entry, or the Retraction of a deleted post (it must not come back by a replay)
t<brand NUL time, 8 bytes><id>    -> the entries of a brand by event time
"""

from __future__ import annotations

from streams.records import Entry, event_ms

_SHIFT = 1 << 63  # event times may lie before 1970: shifted, their bytes sort as the numbers do


def entry_key(brand: str, post_id: str) -> bytes:
    """The key of an entry; brand names hold no NUL, so the parts cannot be confused."""
    return f"{brand}\x00{post_id}".encode()


def split_entry_key(key: bytes) -> tuple[str, str]:
    """The brand and post id of an entry's key."""
    brand, _, post_id = key.decode().partition("\x00")
    return brand, post_id


def held_key(brand: str, post_id: str) -> bytes:
    """Where the store has the entry itself."""
    return b"e" + entry_key(brand, post_id)


def time_key(entry: Entry) -> bytes:
    """Under which the store finds an entry by its event time."""
    return time_prefix(entry.brand) + time_stamp(event_ms(entry.post)) + entry.post.id.encode()


def time_prefix(brand: str) -> bytes:
    """The keys of a brand's entries by event time start with this."""
    return b"t" + brand.encode() + b"\x00"


def time_stamp(at_ms: int) -> bytes:
    """A time in ms as its bytes sort."""
    return (at_ms + _SHIFT).to_bytes(8, "big")


def post_of(key: bytes, brand: str) -> str:
    """The post id of a key by event time."""
    return key[len(time_prefix(brand)) + 8 :].decode()
