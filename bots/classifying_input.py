"""What `tertulia classify` reads: texts from the command line, lines, or JSON objects, as fast as they come."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, Queue
from stat import S_ISREG
from threading import Thread
from typing import Any, Final, NamedTuple, NoReturn

from bots.classifying_targets import Book, Target, distinct
from bots.settings import Failed

BATCH: Final = 256
"""The most lines that are judged together: the model sorts them by length, and more of one length are faster."""
AHEAD: Final = 8
"""Pieces of the input that are read before they are asked for."""
PIECE: Final = 65_536
"""Bytes of one piece at most."""


class BadLine(ValueError):
    """A line that cannot be used; the text says why."""


class Line(NamedTuple):
    """One line of a file."""

    file: str
    """Its name; empty: standard input, or the command line."""
    number: int
    """From 1."""
    raw: bytes
    """Without the line's end."""
    end: int = 0
    """Bytes of the whole input up to here."""

    @property
    def place(self) -> str:
        """For a person: `posts.jsonl, line 3`."""
        return f"{self.file}, line {self.number}" if self.file else f"line {self.number}"


class Item(NamedTuple):
    """One text to judge."""

    text: str
    targets: tuple[Target, ...] = ()
    """Toward whom, one answer each; empty: the text as a whole."""
    lang: str | None = None
    rest: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    """The other fields of its JSON object."""


class Source(NamedTuple):
    """An open file, and its name for messages."""

    file: Any
    """A file of bytes; standard input may be a file of text."""
    name: str = ""


# -- where lines come from -------------------------------------------------------------------------------------------


def standard_input() -> Source:
    """Standard input. Raises `Failed` where there is none."""
    if sys.stdin is None:
        raise Failed("there is no standard input", code=2)
    return Source(sys.stdin)


def open_files(names: Sequence[str], stack: ExitStack) -> list[Source]:
    """The files of those names; `-` is standard input. Raises `Failed` for one that cannot be read."""
    found = []
    for name in names:
        if name == "-":
            found.append(standard_input())
            continue
        try:
            file = stack.enter_context(Path(name).open("rb", buffering=0))  # noqa: SIM115 - the stack closes it
        except OSError as problem:
            raise Failed(f"{name} cannot be read: {problem.strerror}", code=2) from None
        found.append(Source(file, name))
    return found


def size(sources: Sequence[Source]) -> int | None:
    """Bytes of all of them together; None where one is no file on a disk."""
    total = 0
    for source in sources:
        number = _descriptor(source)
        if number is None or not S_ISREG(os.fstat(number).st_mode):
            return None
        total += os.fstat(number).st_size
    return total


def batches(sources: Sequence[Source]) -> Iterator[list[Line]]:
    """The lines that have come, at most `BATCH` at a time. Waits only while there is none.

    So a slow writer gets each answer at once, and a fast one gets the model's full speed: while the model works, lines
    gather. A thread reads; it is a daemon's, since a read of a terminal or a pipe may never end.
    """
    ready: Queue[list[Line] | Exception | None] = Queue(AHEAD)
    Thread(target=_fill, args=(ready, sources), daemon=True, name="reader").start()
    waiting: list[Line] = []
    more = True
    while waiting or more:
        if more and len(waiting) < BATCH:
            try:
                got = ready.get(block=not waiting)
            except Empty:
                pass
            else:
                if isinstance(got, Exception):
                    raise got
                more = got is not None
                waiting += got or ()
                continue
        yield waiting[:BATCH]
        waiting = waiting[BATCH:]


def _fill(ready: Queue[list[Line] | Exception | None], sources: Sequence[Source]) -> None:
    try:
        end = 0
        for source in sources:
            number = 0
            for raws in _lines(_pieces(source)):
                lines = []
                for raw in raws:
                    number, end = number + 1, end + len(raw) + 1
                    lines.append(Line(source.name, number, raw, end))
                ready.put(lines)
        ready.put(None)
    except Exception as problem:  # raised where the lines are awaited, or that would wait for ever
        ready.put(problem)


def _pieces(source: Source) -> Iterator[bytes]:
    """Bytes as they come: straight from the descriptor, since a buffered reader waits until its buffer is full."""
    number = _descriptor(source)
    if number is None:
        for text in source.file:  # something that only looks like a file
            yield text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return
    while piece := os.read(number, PIECE):
        yield piece


def _descriptor(source: Source) -> int | None:
    try:
        return int(source.file.fileno())
    except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
        return None


def _lines(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The lines that each piece completes; a byte order mark before the first is dropped."""
    parts: list[bytes] = []
    begun = False
    for piece in pieces:
        piece = piece if begun else piece.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901 - the same without its mark
        begun = True
        *complete, rest = piece.split(b"\n")
        if complete:
            complete[0] = b"".join(parts) + complete[0]
            parts = []
            yield [line.removesuffix(b"\r") for line in complete]
        parts.append(rest)
    if last := b"".join(parts):
        yield [last.removesuffix(b"\r")]


# -- what a line says ------------------------------------------------------------------------------------------------


def plain(line: Line, targets: tuple[Target, ...]) -> Item | None:
    """The line as a text; None: it is blank."""
    text = line.raw.decode("utf-8", "replace")
    return Item(text, targets) if text.strip() else None


def from_json(line: Line, targets: tuple[Target, ...], book: Book) -> Item | None:
    """The line as a JSON object with `text`, and perhaps `brand`, `about` and `lang`; the rest is kept.

    None: it is blank, or a post without words of its own (a deletion, a repost). Raises `BadLine`.
    """
    if not line.raw.strip():
        return None
    found = _object(line.raw)
    if "text" not in found and (found.get("op") == "delete" or found.get("repost_of")):
        return None
    text = _string(found, "text")
    if text is None:
        raise BadLine('there is no field "text"')
    rest = {key: value for key, value in found.items() if key not in ("text", "brand", "about")}
    return Item(_usable(text), _targets(found, targets, book), _string(found, "lang"), rest)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8") from None
    except json.JSONDecodeError as problem:
        raise BadLine(f"it is not JSON: {problem.msg} at character {problem.colno}") from None
    except (ValueError, RecursionError) as problem:  # a number of 5,000 digits, a thousand brackets
        raise BadLine(f"it is not JSON that can be read: {problem}") from None
    if not isinstance(found, dict):
        raise BadLine('it is not a JSON object, such as {"text": "…"}')
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _string(found: dict[str, Any], key: str) -> str | None:
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise BadLine(f'the field "{key}" is not a string')
    return value


def _targets(found: dict[str, Any], targets: tuple[Target, ...], book: Book) -> tuple[Target, ...]:
    """The line's own brands, else those of the command line; `about` of the line describes the only one."""
    names = found.get("brand")
    if names is not None:
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise BadLine('the field "brand" is not a name or a list of names')
        targets = distinct(book.find(_usable(name)) for name in names)
    about = _string(found, "about")
    if not about or not about.strip():
        return targets
    if len(targets) != 1:
        raise BadLine('the field "about" describes one brand, and the line has ' + ("several" if targets else "none"))
    return (Target(targets[0].name, _usable(about.strip())),)


def _usable(text: str) -> str:
    """Halves of surrogate pairs, which cannot be written as UTF-8, become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def from_words(words: Sequence[str], targets: tuple[Target, ...]) -> list[Item]:
    """The texts of the command line."""
    return [Item(_usable(word), targets) for word in words]
