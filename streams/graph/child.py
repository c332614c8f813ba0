"""`python -m streams.graph.child`: one job from standard input, its result to standard output. See `aside`."""

from __future__ import annotations

import os
import sys

import msgspec

from streams.graph.circles import circles
from streams.graph.export import export
from streams.graph.job import decoded
from streams.graph.material import wanted
from streams.graph.texts import texts

NICE = 10  # whoever counts what arrives goes first


def result(whole: bytes) -> bytes:
    """Do the job: circles as msgpack, a graph as its document."""
    job, material = decoded(whole)
    if job.form is not None:
        return export(material, job.salt, job.form)
    if job.shelf is not None:
        found = texts(job.shelf, material.head.brand, *wanted(material.posts))
        material = material._replace(texts=found)
    return msgspec.msgpack.encode(circles(material))


def main() -> None:
    """Read, work, write. When the parent dies, reading or writing fails, and so this ends too."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    sys.stdout.buffer.write(result(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
