"""A `for` without a unit."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_with_a_bare_number_of_minutes(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: crisis, for: ten minutes}\n")
    assert found == [
        (
            "tertulia.yaml:4: alerts.rules[0].for: 'ten minutes' is not a duration; write a number and a unit, "
            "such as 90s, 15m, 24h, 7d or 2w"
        ),
    ]
