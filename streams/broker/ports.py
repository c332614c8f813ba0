"""Two ports on loopback, for clients and for Kafka's controller: the same ones at every start of one data folder."""

from __future__ import annotations

import json
import os
import socket
import zlib
from pathlib import Path

# Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections: one of those in
# our place would make a restart fail now and then.
FIRST, LAST = 20_000, 31_998


def choose(remembered: Path, configured: int | None) -> tuple[int, int]:
    """(client port, controller port), written to `remembered`. OSError when the configured one, or all, are taken."""
    ports = _configured(configured) if configured else _automatic(remembered)
    remembered.write_text(json.dumps(ports), "utf-8")
    return ports


def _configured(port: int) -> tuple[int, int]:
    if not is_free(port):
        raise OSError(f"port {port} on 127.0.0.1 is taken by another program")
    return port, _first_free(_candidates(port), port)[0]


def _automatic(remembered: Path) -> tuple[int, int]:
    if remembered.exists():
        client, controller = json.loads(remembered.read_text("utf-8"))
        if is_free(client) and is_free(controller):
            return client, controller
    return _first_free(_candidates(zlib.crc32(os.fsencode(remembered.resolve()))), 0)


def _candidates(seed: int) -> list[int]:
    # By the folder's name: two folders rarely meet, and a deleted folder comes back to the same port.
    pairs = range(FIRST, LAST, 2)
    start = seed % len(pairs)
    return [*pairs[start:], *pairs[:start]]


def _first_free(candidates: list[int], not_this: int) -> tuple[int, int]:
    for port in candidates:
        if not_this not in (port, port + 1) and is_free(port) and is_free(port + 1):
            return port, port + 1
    raise OSError(f"no free port on 127.0.0.1 between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        if os.name == "posix":  # connections that just ended do not count; on Windows the option means something else
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
