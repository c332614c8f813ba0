"""A rule that does not say what it is."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_without_a_kind(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - number: posts\n    above: 10\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0].kind: is missing",
    ]
