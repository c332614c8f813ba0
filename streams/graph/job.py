"""What is asked of the other process, as it goes through the pipe: a header, then the columns as they lie in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from streams.graph.export import Format
from streams.graph.material import Head, Material, Posts
from streams.graph.texts import Shelf
from streams.graph.ties import Talk
from streams.views.columns import Ints

Parts = Sequence[bytes | memoryview]
_LENGTH: Final = 8  # bytes that say how long the header is


class Job(msgspec.Struct, frozen=True):
    """`form` None: the circles; else the graph in that form, with pseudonyms under `salt`. `columns`: their lengths.
    `shelf`: where the texts for the words of circles are; None: they are to do without."""

    head: Head
    own: int
    columns: Mapping[str, int]
    shelf: Shelf | None = None
    form: Format | None = None
    salt: bytes = b""


class Asked(NamedTuple):
    """A job with its material."""

    job: Job
    material: Material


_decoder = msgspec.msgpack.Decoder(Job)
_TALK: Final = tuple(name for name in Talk._fields if name != "own")


def encoded(material: Material, form: Format | None = None, salt: bytes = b"", shelf: Shelf | None = None) -> Parts:
    """The job in pieces, without texts: they stay on their shelf. The columns are not copied: with the interpreter
    locked, that would hold up others."""
    head, talk, posts, _ = material
    columns = {name: getattr(talk, name) for name in _TALK} | {f"posts.{n}": v for n, v in posts._asdict().items()}
    lengths = {name: len(values) for name, values in columns.items()}
    job = Job(head, talk.own, lengths, shelf, form, salt)
    header = msgspec.msgpack.encode(job)
    return [len(header).to_bytes(_LENGTH), header, *(_raw(values) for values in columns.values())]


def decoded(whole: bytes) -> Asked:
    """The inverse, from all the pieces together."""
    place = _LENGTH + int.from_bytes(whole[:_LENGTH])
    job = _decoder.decode(whole[_LENGTH:place])
    columns: dict[str, Ints] = {}
    for name, length in job.columns.items():
        columns[name] = np.frombuffer(whole, np.int64, length, place)
        place += 8 * length
    talk = Talk(**{name: columns[name] for name in _TALK}, own=job.own)
    posts = Posts(*(columns[f"posts.{name}"] for name in Posts._fields))
    return Asked(job, Material(job.head, talk, posts, ()))


def _raw(values: Ints) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).data
