"""An answer as a sheet of rows: drawn as plain lines for chats, as a table for terminals."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


class Sheet(msgspec.Struct, frozen=True):
    """A title, rows of cells (the first names the row), and notes below. `head` names the columns, if they need it."""

    title: str
    rows: Sequence[Sequence[str]] = ()
    head: Sequence[str] = ()
    notes: Sequence[str] = ()

    def text(self) -> str:
        """One line per row, without alignment: chats use proportional letters."""
        lines = [f"{row[0]}: {' · '.join(cell for cell in row[1:] if cell)}" for row in self.rows]
        return "\n".join(clean(line) for line in (self.title, *lines, *self.notes) if line)

    def rich(self) -> RenderableType:
        """A title and a table without borders."""
        table = Table(*self.head, box=None, show_header=bool(self.head), padding=(0, 2, 0, 0), header_style="dim")
        for number in range(len(self.rows[0]) if self.rows and not self.head else 0):
            table.add_column(style="dim" if number != 1 else "")
        for row in self.rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        parts: list[RenderableType] = [Text(clean(self.title), style="bold")] if self.title else []
        parts += [table] if self.rows else []
        return Group(*parts, *(Text(clean(note), style="dim") for note in self.notes))


class Answer(msgspec.Struct, frozen=True):
    """What was found: for programs (`data`), for chats (`text`), for terminals (`rich()`). `ok`: it is no error."""

    data: Any
    sheet: Sheet
    ok: bool = True

    @property
    def text(self) -> str:
        """Plain text."""
        return self.sheet.text()

    def rich(self) -> RenderableType:
        """Something rich can print."""
        return self.sheet.rich()


def clean(text: str) -> str:
    """Without control characters: what strangers wrote must not steer a terminal."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
