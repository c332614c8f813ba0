"""The NAB score against what Numenta has published: rows of `results/` of github.com/numenta/NAB, and what follows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.nab import PROFILES, Series, first_hits, normalised, overall, row_scores, score
from benchmarks.nab_compared import Setting, chosen
from benchmarks.nab_detectors import alerts, hour_against_twelve, two_weeks
from benchmarks.nab_published import BRANDS, FILES, OVERALL, published

STANDARD, LOW_FP, LOW_FN = PROFILES


def series(rows: int, *windows: tuple[int, int]) -> Series:
    return Series("X", np.arange(rows, dtype=np.int64) * 300_000, np.ones(rows, dtype=np.int64), windows)


def yes(rows: int, *places: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    answer = np.zeros(rows, dtype=bool)
    answer[list(places)] = True
    return answer


@pytest.mark.parametrize(
    ("width", "from_the_end", "expected"),
    [
        # art_daily_jumpsup, occupancy_6005, exchange-3_cpm_results, TravelTime_451: one yes in their only window; which
        # row that was is not told, but it must be a whole one
        (403, 202, 0.86067182427),
        (403, 210, 0.874124955999),
        (239, 120, 0.861272490375),
        (153, 77, 0.862098587352),
        (217, 109, 0.86142179597),
    ],
)
def test_a_hit_scores_what_numenta_has_published(width: int, from_the_end: int, expected: float) -> None:
    data = series(4032, (2000, 2000 + width - 1))
    assert score(data, yes(4032, 2000 + width - from_the_end), STANDARD) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(("after", "expected"), [(248, -0.0906632842512327), (298, -0.0975225942707019)])
def test_a_false_alert_costs_what_numenta_has_published(after: int, expected: float) -> None:
    """The column S(t)_standard of ARTime_Twitter_volume_CRM.csv, so many rows after its first window of 531."""
    data = series(15_902, (2864, 3394))
    assert row_scores(data, STANDARD, np.array([3394 + after])) == pytest.approx([expected], rel=1e-12)


def test_before_any_window_and_long_after_one_it_costs_all() -> None:
    data = series(4032, (2000, 2100))
    scores = row_scores(data, LOW_FP, np.array([1999, 2100 + 301, 2100 + 100]))
    assert scores == pytest.approx([-0.22, -0.22, -0.22 * math.tanh(2.5)])


def test_silence_is_0_and_perfection_100() -> None:
    data = series(4032, (1000, 1400), (2000, 2400))
    for profile in PROFILES:
        assert overall([data], {"X": yes(4032)}, profile) == 0
        assert overall([data], {"X": yes(4032, 1000, 2000)}, profile) == pytest.approx(100)
    assert score(data, yes(4032), LOW_FN) == -4  # as published of "null": two for each window


def test_only_the_earliest_hit_counts_and_nothing_before_probation_ends() -> None:
    data = series(4032, (1000, 1400))
    once = score(data, yes(4032, 1200), STANDARD)
    assert score(data, yes(4032, 1200, 1201, 1300), STANDARD) == once
    assert score(data, yes(4032, 1200, 5, 603), STANDARD) == once  # 15 % of 4032 rows are 604
    assert score(data, yes(4032, 1200, 604), STANDARD) == pytest.approx(once - 0.11)
    assert first_hits(data, yes(4032, 1200, 1300)) == [1200]


def test_the_published_files_lead_to_the_published_whole() -> None:
    """Of ARTime, over five of 58 files: 100 · (score + windows) / (2 · windows)."""
    total = sum(FILES["ARTime", "standard"])
    assert published(BRANDS)["ARTime"][0] == pytest.approx(100 * (total + 18) / 36)
    assert normalised(57.66075157860638, 116, STANDARD) == pytest.approx(OVERALL["ARTime"][0], abs=0.01)
    assert normalised(35.1572804170157, 116, LOW_FP) == pytest.approx(OVERALL["ARTime"][1], abs=0.01)
    assert normalised(47.66075157860638, 116, LOW_FN) == pytest.approx(OVERALL["ARTime"][2], abs=0.01)


def test_an_alert_begins_once() -> None:
    values = np.array([0, 4, 5, 0, 4, 0, 0, 0, 4.0])
    assert np.flatnonzero(alerts(values, 4, 2)).tolist() == [1, 8]


@pytest.mark.parametrize("detect", [hour_against_twelve, two_weeks])
def test_the_others_see_a_spike_and_nothing_that_comes_later(detect: object) -> None:
    dice = np.random.default_rng(1)
    counts = dice.poisson(20, 2000)
    counts[1500:1512] += 200
    data = Series("X", np.arange(2000, dtype=np.int64) * 300_000, counts, ((1490, 1520),))
    assert callable(detect)
    values, before = detect(data), detect(data._replace(starts=data.starts[:1500], counts=counts[:1500]))
    assert values[1505] > 2 * np.abs(values[200:1500]).max()
    assert (values[:1500] == before).all()
    setting = chosen([data], {"X": values}, STANDARD)
    assert isinstance(setting, Setting)
    assert overall([data], {"X": alerts(values, *setting)}, STANDARD) > 60
