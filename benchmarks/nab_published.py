"""Published results of NAB: unnormalised scores per file, from `results/` of github.com/numenta/NAB.

Each detector's threshold was chosen by NAB over all of its 58 files, these among them, for each profile. Files at
commits 5a98e4f (ARTime), 4b89baf (numenta), 059c782, 3a3fe45 and 645ad29 (contextOSE), 2c24d10 (earthgeckoSkyline),
e5eb2cb (knncad), 37b9a8c (randomCutForest), 38b9ff1 (twitterADVec) and bf2de21 (relativeEntropy). Those taken add up to
the totals behind `results/final_results.json` (commit 5a98e4f), which are in `OVERALL`, of 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.nab import PROFILES, normalised

BRANDS: Final = ("AAPL", "CRM", "GOOG", "KO", "UPS")
WINDOWS: Final = dict(zip(BRANDS, (4, 3, 3, 3, 5), strict=True))

FILES: Final[dict[tuple[str, str], tuple[float, ...]]] = {
    ("ARTime", "standard"): (2.916101, 2.100727, 1.405823, 2.225244, 3.213773),
    ("ARTime", "low FP"): (2.266382, 1.550727, 0.305899, 1.895244, 2.169711),
    ("ARTime", "low FN"): (2.916101, 2.100727, 1.405823, 2.225244, 3.213773),
    ("numenta HTM", "standard"): (1.263897, 0.723575, -0.260196, 2.462493, 1.609071),
    ("numenta HTM", "low FP"): (0.709733, 0.723575, -0.700195, 2.242886, 1.204878),
    ("numenta HTM", "low FN"): (0.263897, -0.276424, -1.260196, 2.462493, 0.609071),
    ("contextOSE", "standard"): (1.588114, 2.582708, 0.049680, 0.720925, 2.137083),
    ("contextOSE", "low FP"): (1.698114, 2.582708, -0.060319, 0.720925, 2.046105),
    ("contextOSE", "low FN"): (0.588114, 2.582708, -1.060319, -0.279074, 1.137083),
    ("earthgecko Skyline", "standard"): (2.887638, 1.483390, -0.372560, 0.597666, 1.626466),
    ("knncad", "standard"): (2.483350, 1.364818, 0.879339, 1.032707, -0.720752),
    ("randomCutForest", "standard"): (0.750076, 1.678502, 0.073222, -1.574196, 2.317202),
    ("twitterADVec", "standard"): (0.168754, 1.782696, 0.291835, 0.714554, -1.784963),
    ("relativeEntropy", "standard"): (-0.692809, -1.248212, 0.562836, 0.611662, 1.429848),
}
"""By detector and profile, in the order of `BRANDS`."""

OVERALL: Final[dict[str, tuple[float, ...]]] = {
    "ARTime": (74.85, 65.15, 80.36),
    "numenta HTM": (70.10, 63.12, 74.32),
    "contextOSE": (69.90, 66.98, 73.18),
    "earthgecko Skyline": (58.20, 46.20, 63.80),
    "knncad": (57.99, 43.41, 64.81),
    "randomCutForest": (51.72, 38.36, 59.75),
    "twitterADVec": (47.06, 33.61, 53.50),
    "relativeEntropy": (54.64, 47.60, 58.84),
}
"""Over all 58 files, in the order of `PROFILES`."""


def published(brands: Sequence[str]) -> dict[str, list[float | None]]:
    """By detector: the normalised scores over these brands, in the order of `PROFILES`; None where none was found."""
    windows = sum(WINDOWS[brand] for brand in brands)
    rows: dict[str, list[float | None]] = {}
    for name in OVERALL:
        rows[name] = []
        for profile in PROFILES:
            files = FILES.get((name, profile.name))
            total = None if files is None else sum(files[BRANDS.index(brand)] for brand in brands)
            rows[name].append(None if total is None else normalised(total, windows, profile))
    return rows
