"""Server-sent events out of bytes, as the HTML standard (section 9.2.6) tells how to read them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import msgspec

from bots.sources.base import Retry

MOST_EVENT = 4 * 1024 * 1024  # bytes of one event


class ServerEvent(msgspec.Struct, frozen=True):
    """One event: its type, its data, and the id to resume after."""

    kind: str
    data: bytes
    id: str | None


async def server_events(chunks: AsyncIterable[bytes]) -> AsyncIterator[ServerEvent]:
    """The events in a stream of bytes. Raises `Retry` for one larger than `MOST_EVENT`."""
    kind, data, last_id = "", list[bytes](), None
    async for line in lines_of(chunks):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                yield ServerEvent(kind or "message", b"\n".join(data), last_id)
            kind, data = "", []
        elif field == b"data":
            data.append(value)
            if sum(map(len, data)) > MOST_EVENT:
                raise Retry(f"an event larger than {MOST_EVENT} bytes")
        elif field == b"event":
            kind = value.decode(errors="replace")
        elif field == b"id" and b"\x00" not in value:
            last_id = value.decode(errors="replace")


async def lines_of(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Lines ended by LF or CRLF; what follows the last line end is cut off, as the standard wants."""
    rest = b""
    async for chunk in chunks:
        rest += chunk
        if len(rest) > MOST_EVENT:
            raise Retry(f"a line larger than {MOST_EVENT} bytes")
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
