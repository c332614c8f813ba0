"""Why the broker ended, in words for the person who has to do something about it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

MiB = 1024 * 1024
LEAST_FREE = 64 * MiB  # below this a broker cannot even roll its segments

# What Kafka says, and what it means.
SIGNS = (
    ("No space left on device", "the disk that holds {root} is full: make room there"),
    ("Address already in use", "its port {port} on 127.0.0.1 was taken by another program in the meantime"),
    ("Failed to acquire lock on file .lock", "another Kafka is using {root}"),
    ("OutOfMemoryError", "it ran out of memory (heap: {heap_mb} MB)"),
    ("log dirs in", "it cannot write to its folder {root}: the disk is full or failing, or may not be written to"),
    ("Too many open files", "it may not open more files: raise the limit (ulimit -n)"),
)


def full_disk(root: Path) -> str | None:
    """What is wrong with the space on the disk of `root`; None when nothing is."""
    free = shutil.disk_usage(root).free
    return f"the disk that holds {root} is full ({free // MiB} MB left)" if free < LEAST_FREE else None


def cause(code: int, output: Sequence[str], root: Path, port: int, heap_mb: int) -> str:
    """Why a broker with this exit code ended, by the last lines that it printed."""
    words = "\n".join(output)
    for sign, meaning in SIGNS:
        if sign in words:
            return meaning.format(root=root, port=port, heap_mb=heap_mb)
    # A broker on a full disk may be unable to say so.
    return full_disk(root) or (f"it was killed (signal {-code})" if code < 0 else _headline(output))


def _headline(output: Sequence[str]) -> str:
    # Of a Java stack trace the head says what happened; the rest is indented.
    heads = [line for line in output if line and not line[0].isspace()]
    return heads[-1] if heads else "it said nothing"
