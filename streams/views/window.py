"""The span of event time a question is about."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec


class Window(msgspec.Struct, frozen=True):
    """[start, end) in event time; both carry a time zone."""

    start: datetime
    end: datetime

    @classmethod
    def last(cls, length: timedelta, to: datetime) -> Window:
        """The `length` before `to`."""
        return cls(to - length, to)

    def before(self) -> Window:
        """The window of the same length right before this one."""
        return Window(self.start - (self.end - self.start), self.start)
