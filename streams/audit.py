"""Who ordered what, and when: one JSON line per order in `<data>/audit.jsonl`, never what anybody wrote."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

NAME = "audit.jsonl"


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order. `by` is what the person or program calls itself, `address` where it asked from. `about`: which alerts
    a silence is of (its matchers, or the fingerprint of the one that was acknowledged), `id` the silence's."""

    at: datetime
    order: str
    author: str
    by: str
    address: str
    about: str = ""
    id: str = ""


class Audit:
    """The file of one worker; it only grows, by a line for each order."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / NAME

    def write(self, line: Line) -> None:
        """Append a line and have it on the disk. Raises `OSError`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, msgspec.json.encode(line) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
