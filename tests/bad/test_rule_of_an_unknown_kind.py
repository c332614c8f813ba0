"""A kind of rule that is not there."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_of_an_unknown_kind(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - kind: sentiment-turns\n")
    assert found == [
        (
            "tertulia.yaml:4: alerts.rules[0].kind: 'sentiment-turns' is none of threshold, change, "
            "volume-spike, volume-drop, sentiment-turn, voice-loss, crisis, new-voice, circle-split, "
            "message-turn; did you mean `sentiment-turn`?"
        ),
    ]
