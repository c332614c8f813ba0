"""A file of posts, one JSON object a line (DESIGN section 4): what `tertulia replay FILE.jsonl` collects from.

The resume point is a byte offset, kept per file: its size and the hash of its beginning tell a file from another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
import xxhash
from pydantic import Field

from bots.sources.base import Bad, Batch, Misconfigured, Source, SourceOptions, Tools
from streams.mending import mended
from streams.records import BadPost, Post, decode_post

MOST_LINE = 8 * 1024 * 1024  # bytes; the rest of a longer line is skipped unread
BATCH = 500  # lines
HEAD = 256 * 1024  # bytes that tell one file from another
BOM = b"\xef\xbb\xbf"


class ReplayOptions(SourceOptions):
    """Which file, and how fast."""

    path: Path = Field(description="The file, one post per line.")
    rate: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Posts per second; absent: as fast as Kafka."
    )


class Place(msgspec.Struct, frozen=True):
    """Where to go on: `offset` bytes and `line` lines are behind."""

    offset: int = 0
    line: int = 0


class Replay(Source):
    """Every line of a file as a post; what is none becomes a dead letter with its line number."""

    name: ClassVar[str] = "replay"
    options_type: ClassVar[type[SourceOptions]] = ReplayOptions
    names_root: ClassVar[bool] = False
    endless: ClassVar[bool] = False

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self.place, self.size = Place(), 0
        self._key = f"replay:{options.path.name[:80]}:{fingerprint(options.path)}"

    @property
    def key(self) -> str:
        """The file's name and fingerprint: another file, or another version of this one, starts from its beginning."""
        return self._key

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """The file's posts from the resume point on, at the configured rate."""
        options: ReplayOptions = self.options
        self.begin(cursor)
        lines = BATCH if options.rate is None else max(1, min(BATCH, int(options.rate / 10)))
        loop = asyncio.get_running_loop()
        start, sent = loop.time(), 0
        with _open(options.path) as file:
            file.seek(self.place.offset)
            while (batch := await asyncio.to_thread(self._read, file, lines)) is not None:
                yield batch
                sent += len(batch.posts)
                if options.rate is not None:
                    await asyncio.sleep(max(0.0, start + sent / options.rate - loop.time()))

    def begin(self, cursor: Any) -> Place:
        """Stand at a resume point; `place` and `size` tell how far it is from the end."""
        self.place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        self.size = self.options.path.stat().st_size
        return self.place

    def _read(self, file: BufferedReader, lines: int) -> Batch | None:
        posts: list[Post] = []
        bad: list[Bad] = []
        offset, number = self.place.offset, self.place.line
        for _ in range(lines):
            line, size = read_line(file)
            if not size:
                break
            offset, number = offset + size, number + 1
            self._parse(line, size, number, posts, bad)
        if number == self.place.line:
            return None
        self.place = Place(offset, number)
        return Batch(posts=posts, bad=bad, cursor=msgspec.to_builtins(self.place))

    def _parse(self, line: bytes, size: int, number: int, posts: list[Post], bad: list[Bad]) -> None:
        if number == 1:
            line = line.removeprefix(BOM)
        line = line.strip()
        if not line and size <= MOST_LINE:
            return
        try:
            if size > MOST_LINE:
                raise BadPost(f"the line is longer than {MOST_LINE} bytes ({size})")
            posts.append(decode_post(mended(line), self.tools.now()))
        except BadPost as error:
            bad.append(Bad(line, f"line {number}: {error}", str(number)))


def fingerprint(path: Path) -> str:
    """What tells a file from another: its size and the hash of its beginning. Raises `Misconfigured`."""
    with _open(path) as file:
        head = xxhash.xxh3_64_hexdigest(file.read(HEAD))
    return f"{path.stat().st_size}-{head}"


def read_line(file: BufferedReader) -> tuple[bytes, int]:
    """The next line, cut to `MOST_LINE` bytes, and its whole size in the file; size 0 is the end."""
    line = file.readline(MOST_LINE)
    size = len(line)
    while size >= MOST_LINE and not line.endswith(b"\n"):
        rest = file.readline(MOST_LINE)
        size += len(rest)
        if not rest or rest.endswith(b"\n"):
            break
    return line, size


def _open(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from error
