"""A comparison with fewer than eight earlier windows."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_with_too_short_a_past(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: change, number: posts, window: 1d, baseline: 5d}\n")
    assert found == [
        (
            "tertulia.yaml:4: alerts.rules[0]: the baseline must hold at least 8 earlier windows: 8 times "
            "`apart` and `window`"
        ),
    ]
