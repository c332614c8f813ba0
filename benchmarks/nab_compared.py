"""Detectors side by side on NAB's series: settings chosen on some brands, reported on the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from benchmarks.nab import PROFILES, Bools, Floats, Profile, Series, false_alerts, first_hits, overall, probation
from benchmarks.nab_detectors import BIN, alerts

CHOSEN_ON: Final = ("AAPL", "CRM")
"""Brands on which thresholds are chosen, and on which Tertulia's model was looked at while it was made."""
HOLDS: Final = (2, 12, 72, 288)
"""After so many quiet rows an alert is over: ten minutes, an hour, six, a day."""
STEPS: Final = 60
WEEK: Final = 7 * 288

Values = Mapping[str, Floats]
"""By brand."""


class Setting(NamedTuple):
    """A threshold, and after how many quiet rows an alert is over."""

    threshold: float
    hold: int


class Row(NamedTuple):
    """What came of a detector. `scores` by profile, on the brands not chosen on and on all; the rest on the former."""

    name: str
    how: str
    scores: tuple[float, ...]
    scores_all: tuple[float, ...]
    found: int
    windows: int
    false_per_week: float
    delay_hours: float


def chosen(series: Sequence[Series], values: Values, profile: Profile) -> Setting:
    """What scores best on these brands."""
    pooled = np.concatenate([values[one.brand] for one in series])
    thresholds = np.quantile(pooled[np.isfinite(pooled)], 1 - np.geomspace(1e-4, 0.03, STEPS))
    settings = [Setting(float(threshold), hold) for threshold in thresholds for hold in HOLDS]
    return max(settings, key=lambda setting: overall(series, answers(series, values, setting), profile))


def answers(series: Sequence[Series], values: Values, setting: Setting) -> dict[str, Bools]:
    """Where alerts begin, by brand."""
    return {one.brand: alerts(values[one.brand], setting.threshold, setting.hold) for one in series}


def row(name: str, how: str, series: Sequence[Series], values: Values, settings: Sequence[Setting]) -> Row:
    """With a setting for each profile; what is not a score is with the first of them."""
    others = [one for one in series if one.brand not in CHOSEN_ON]
    pairs = list(zip(PROFILES, settings, strict=True))
    told = answers(others, values, settings[0])
    hits = [hit for one in others for hit in first_hits(one, told[one.brand])]
    weeks = sum(len(one.counts) - probation(len(one.counts)) for one in others) / WEEK
    return Row(
        name=name,
        how=how,
        scores=tuple(overall(others, answers(others, values, setting), profile) for profile, setting in pairs),
        scores_all=tuple(overall(series, answers(series, values, setting), profile) for profile, setting in pairs),
        found=sum(hit is not None for hit in hits),
        windows=len(hits),
        false_per_week=sum(false_alerts(one, told[one.brand]) for one in others) / weeks,
        delay_hours=float(np.median(list(_delays(others, told)))) if any(hit is not None for hit in hits) else np.nan,
    )


def _delays(series: Sequence[Series], told: Mapping[str, Bools]) -> Iterator[float]:
    """Hours from the labelled moment, the middle of each window that was found, to its first alert."""
    for one in series:
        for hit, (left, right) in zip(first_hits(one, told[one.brand]), one.windows, strict=True):
            if hit is not None:
                yield (hit - (left + right) / 2) * BIN / 3_600_000
