"""`python -m streams.graph.child`: one job from standard input, its result to standard output. See `aside`."""

from __future__ import annotations

import os
import sys

import msgspec

from streams.graph.circles import circles
from streams.graph.export import export
from streams.graph.job import decoded

NICE = 10  # whoever counts what arrives goes first


def result(whole: bytes) -> bytes:
    """Do the job: circles as msgpack, a graph as its document."""
    job, material = decoded(whole)
    return msgspec.msgpack.encode(circles(material)) if job.form is None else export(material, job.salt, job.form)


def main() -> None:
    """Read, work, write. When the parent dies, reading or writing fails, and so this ends too."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    sys.stdout.buffer.write(result(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
