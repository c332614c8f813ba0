"""A child's output in files of bounded size. A full disk costs log lines, never the child."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES = 10 * 1024 * 1024
KEPT = 3


class RotatingLog(RotatingFileHandler):
    """Lines appended to `path`; older ones in `path.1` to `path.3`. `on_error` is told what cannot be written."""

    def __init__(self, path: Path, on_error: Callable[[str], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", errors="replace", delay=True)
        self._on_error = on_error

    def line(self, text: str) -> None:
        """Append one line."""
        self.emit(logging.LogRecord("", logging.INFO, "", 0, text, None, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base class's form
        """Called by `emit` inside its `except`."""
        self._on_error(f"cannot write {self.baseFilename}: {sys.exc_info()[1]}")
