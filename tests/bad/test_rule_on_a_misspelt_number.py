"""A number that is not there, with the one that was meant."""

from __future__ import annotations

from config.alert_numbers import NUMBERS
from tests.bad.complaints import BRAND, Complaints

THERE = ", ".join(NUMBERS)


def test_rule_on_a_misspelt_number(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: change, number: peershare}\n")
    assert found == [
        (
            f"tertulia.yaml:4: alerts.rules[0].number: there is no number 'peershare'; there are: {THERE}; did "
            "you mean `peer_share`?"
        ),
    ]
