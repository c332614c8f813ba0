"""Two rules whose alerts could not be told apart, and one with the name of those about sources."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_two_rules_with_one_name(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + (
            "alerts:\n  rules:\n  - {kind: crisis}\n  - {kind: crisis, above: 9}\n  - {kind: new-voice, name: "
            "source-gap}\n"
        )
    )
    assert found == [
        (
            "tertulia.yaml:5: alerts.rules[1].name: another rule is called 'crisis' (alerts.rules[0]): give it "
            "another name"
        ),
        (
            "tertulia.yaml:6: alerts.rules[2].name: another rule is called 'source-gap' (the one about sources): "
            "give it another name"
        ),
    ]
