"""A key that another kind of rule has."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_key_of_another_kind_of_rule(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: crisis, number: posts}\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0].number: unknown key; did you mean `name`?",
    ]
