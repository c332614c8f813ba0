"""A key that this kind of rule does not have."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_misspelt_key_of_a_rule(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: new-voice, amongst: 3}\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0].amongst: unknown key; did you mean `among`?",
    ]
