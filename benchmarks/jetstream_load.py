"""A Jetstream server for load: a realistic mix of events, encoded beforehand, sent as fast as the reader takes them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from random import Random

from bots.sources.demo_texts import say

TYPE = "network.bsky.jetstream.subscribeEvents#"
# Of what arrives with posts and reposts asked for: shares as in a sample of the network, July 2026.
MIX = {"post": 0.29, "reply": 0.24, "quote": 0.05, "repost": 0.33, "delete": 0.05, "identity": 0.04}
CHUNK = 64 * 1024


def frames(count: int, seed: int = 1) -> list[bytes]:
    """`count` v2 frames with rising seqs; the same seed gives the same bytes."""
    rng = Random(seed)
    kinds = rng.choices(list(MIX), list(MIX.values()), k=count)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return [
        json.dumps(
            {"$type": "message", "payload": _payload(rng, kind, seq, begin)}, ensure_ascii=False, separators=(",", ":")
        ).encode()
        for seq, kind in enumerate(kinds, 1)
    ]


def _payload(rng: Random, kind: str, seq: int, begin: datetime) -> dict[str, object]:
    when = (begin + timedelta(milliseconds=seq)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    did = _did(rng)
    head: dict[str, object] = {"seq": seq, "did": did, "time": when, "witnessedAt": when}
    if kind == "identity":
        identity = {"did": did, "handle": f"user{seq}.example.org", "seq": seq, "time": when}
        return {"$type": TYPE + "identity", **head, "identity": identity}
    collection = "app.bsky.feed.repost" if kind == "repost" else "app.bsky.feed.post"
    operation = "delete" if kind == "delete" else "create"
    commit: dict[str, object] = {
        "rev": _key(rng),
        "operation": operation,
        "collection": collection,
        "rkey": f"3m{seq:011x}",
    }
    if kind != "delete":
        commit |= {
            "record": {"$type": collection, "createdAt": when, **_record(rng, kind)},
            "cid": "bafyrei" + _key(rng) * 4,
        }
    return {"$type": TYPE + "commit", **head, **commit}


def _record(rng: Random, kind: str) -> dict[str, object]:
    if kind == "repost":
        return {"subject": _ref(rng)}
    lang = rng.choice(["es", "en"])
    words = {
        "brand": rng.choice(["Fairphone", "the bus", "mi barrio"]),
        "name": "someone.example.org",
        "tag": "tertulia",
    }
    text = " ".join(
        say(rng, lang, rng.choice(["praise", "complaint", "question", "news"]), words) for _ in range(rng.randint(1, 3))
    )
    record: dict[str, object] = {"text": text[:300], "langs": [lang]}
    if kind == "reply":
        record["reply"] = {"root": _ref(rng), "parent": _ref(rng)}
    if kind == "quote":
        record["embed"] = {"$type": "app.bsky.embed.record", "record": _ref(rng)}
    if rng.random() < 0.25:
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://example.org/{_key(rng)}"}
        record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 20}, "features": [feature]}]
    return record


def _ref(rng: Random) -> dict[str, str]:
    return {"cid": "bafyrei" + _key(rng) * 4, "uri": f"at://{_did(rng)}/app.bsky.feed.post/{_key(rng)}"}


def _did(rng: Random) -> str:
    return f"did:plc:{rng.getrandbits(120):024x}"[:32]


def _key(rng: Random) -> str:
    return f"{rng.getrandbits(52):013x}"


@contextmanager
def server(count: int) -> Iterator[str]:
    """The server in a process of its own; yields its address once all frames are encoded."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(count, theirs), daemon=True)
    process.start()
    try:
        yield f"ws://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _main(count: int, pipe: Connection) -> None:
    asyncio.run(_serve(_wire(frames(count)), pipe))


def _wire(messages: list[bytes]) -> list[bytes]:
    """Websocket text frames, joined into chunks: the sender shall cost as little as can be."""
    framed = [_header(len(message)) + message for message in messages]
    per_chunk = max(1, CHUNK * len(framed) // max(1, sum(map(len, framed))))
    return [b"".join(framed[start : start + per_chunk]) for start in range(0, len(framed), per_chunk)]


def _header(length: int) -> bytes:
    return bytes([0x81, length]) if length < 126 else bytes([0x81, 126]) + length.to_bytes(2, "big")


async def _serve(chunks: list[bytes], pipe: Connection) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in request.split("\r\n"))}
        digest = hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        accept = base64.b64encode(digest).decode()
        writer.write(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: xrpc.v1.json\r\n\r\n".encode()
        )
        try:
            for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            await reader.read()
        except ConnectionError:
            return

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    pipe.send(listening.sockets[0].getsockname()[1])
    await listening.serve_forever()
