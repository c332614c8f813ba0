"""A sheet of the command line as a document for a chat: letters there are proportional, so cells cannot be aligned."""

from __future__ import annotations

from collections.abc import Sequence

from bots.chat.document import Document, Part
from bots.commands.sheet import Sheet


def of_sheet(sheet: Sheet) -> Document:
    """One line a row, its cells named where the sheet has a head; notes below."""
    rows = tuple(_line(row, sheet.head) for row in sheet.rows)
    notes = tuple(line for note in sheet.notes for line in note.splitlines() if line.strip())
    title, *rest = [part for part in (sheet.title,) if part] or [*notes[:1]] or ["…"]
    if not sheet.title:
        notes = notes[1:]
    parts = [Part(lines=lines) for lines in (tuple(rest) + rows, notes) if lines]
    return Document(title, tuple(parts))


def _line(row: Sequence[str], head: Sequence[str]) -> str:
    name, *cells = row
    if head:
        named = [f"{title} {cell}".strip() for title, cell in zip(head[1:], cells, strict=True) if cell]
        return f"{name}: {' · '.join(named)}"
    return f"{name}: {' · '.join(cell for cell in cells if cell)}"
