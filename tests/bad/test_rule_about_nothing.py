"""A message without words."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_about_nothing(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: message-turn, about: []}\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0].about: needs at least one word, and none of them empty",
    ]
