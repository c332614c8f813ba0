"""A number that is defined, but not counted yet."""

from __future__ import annotations

from config.alert_numbers import NUMBERS
from tests.bad.complaints import BRAND, Complaints

THERE = ", ".join(NUMBERS)


def test_rule_on_a_number_to_come(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: threshold, number: influencers, above: 3}\n")
    assert found == [
        f"tertulia.yaml:4: alerts.rules[0].number: 'influencers' is not counted yet; there are: {THERE}",
    ]
