"""Below more than above: it would always fire."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_threshold_levels_the_wrong_way_round(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: threshold, number: posts, above: 10, below: 20}\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0]: `below` must be less than `above`, by twice the `margin`",
    ]
