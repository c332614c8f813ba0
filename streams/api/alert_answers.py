"""Answers and orders about alerts and silences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from streams.alerting.silences import Silence
from streams.records import Alert


class ShownAlert(Alert, frozen=True, kw_only=True, omit_defaults=True):
    """An alert, and the silence or acknowledgement because of which it is not told now."""

    silenced: Silence | None = None


class Alerts(msgspec.Struct, frozen=True):
    """Alerts that fire now, and those that resolved lately; the newest first."""

    alerts: Sequence[ShownAlert]


class AlertInWords(msgspec.Struct, frozen=True):
    """One alert, its title and what led to it in the asked language."""

    alert: ShownAlert
    title: str
    reasons: Sequence[str]


class ShownSilence(Silence, frozen=True, kw_only=True, omit_defaults=True):
    """A silence and where it stands. An acknowledgement (with `fingerprint`) ends with its alert's episode."""

    state: Literal["pending", "active", "expired"]


class Silences(msgspec.Struct, frozen=True):
    """Those that hold or will, and those that ended within a week; the newest first."""

    silences: Sequence[ShownSilence]


class Acknowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who knows of it, and perhaps what they do. `by` is what the person or program calls itself."""

    by: str = ""
    comment: str = ""


class AskSilence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"length": "for"}):
    """Which alerts (matchers such as `severity="warning"`, all must hold), and either `for` how long (`2h`) or until
    when. `starts_at`: not yet; by default at once."""

    matchers: tuple[str, ...]
    length: str = ""
    ends_at: datetime | None = None
    starts_at: datetime | None = None
    comment: str = ""
    by: str = ""
