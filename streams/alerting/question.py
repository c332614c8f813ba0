"""What a rule is asked, and what it answers: a function of the ledger, the clock, and which of its alerts stand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeAlias, TypeVar

from config.schema import Brand
from streams.alerting.clock import to_ms
from streams.alerting.sight import Sight
from streams.alerting.volume import Span
from streams.records import Alert
from streams.views.columns import Bools
from streams.views.rows import Rows
from streams.views.window import Window

R_co = TypeVar("R_co", covariant=True)
Concerns: TypeAlias = Callable[[Rows], Bools]
"""Which of a window's rows are behind an alert."""
SUBJECT: Final = "subject"
"""The key in an alert's details: an author's id, or a circle's name."""
GO_ON: Final = 0.01
"""An alert goes on while an ordinary window is less likely than this: what began it was far less likely, so that at the
edge it does not flap."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule found. `fires`: enough to begin; `stays`: enough to go on. `end`: of the window that it is about.

    `interval`: what 95 % of ordinary windows bring; `by_chance`: its p-value draws on the brand's budget of false
    alerts; `subject`: whom or what it is about, `person` if that is an account (its hash); `details`: what its words
    need; `concerns`: None: all of the rows.
    """

    fires: bool
    stays: bool
    number: str
    value: float
    baseline: float
    end: datetime
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    by_chance: bool = False
    subject: str = ""
    person: int | None = None
    details: Mapping[str, str | float] = field(default_factory=dict)
    concerns: Concerns | None = None


@dataclass(frozen=True, slots=True)
class Question(Generic[R_co]):
    """One rule, one brand, one moment. `pace`: from look to look; `since`: when watching the brand began; `standing`:
    the newest alert of the rule for the brand, one for each subject."""

    brand: Brand
    rule: R_co
    sight: Sight
    at: datetime
    pace: timedelta
    since: datetime
    standing: Sequence[Alert] = ()

    def newest(self, subject: str = "") -> Alert | None:
        """The newest alert about this subject."""
        found = (alert for alert in self.standing if alert.details.get(SUBJECT, "") == subject)
        return max(found, key=lambda alert: alert.at, default=None)

    def firing(self, subject: str = "") -> Alert | None:
        """The alert about this subject, if it goes on."""
        found = self.newest(subject)
        return found if found is not None and found.state == "firing" else None

    def episode(self, length: timedelta, subject: str = "") -> Window | None:
        """When the newest alert's time was, with the window before its start: that was not ordinary."""
        found = self.newest(subject)
        if found is None:
            return None
        return Window(found.started_at - length, self.at if found.ended_at is None else found.ended_at)

    def left_out(self, length: timedelta) -> tuple[Span, ...]:
        """The same in ms."""
        found = self.episode(length)
        return () if found is None else ((to_ms(found.start), to_ms(found.end)),)


Judge: TypeAlias = Callable[[Question[Any]], Awaitable[Sequence[Verdict] | None]]
"""None: nobody can say now, and what stands, stands. A subject that has no verdict is over."""
