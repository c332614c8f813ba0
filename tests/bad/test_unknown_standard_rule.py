"""A standard rule that is not there."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_standard_rule(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  standard: [volume-spike, voice-los]\n")
    assert found == [
        (
            "tertulia.yaml:3: alerts.standard[1]: 'voice-los' is none of volume-spike, sentiment-turn, "
            "voice-loss, crisis; did you mean `voice-loss`?"
        ),
    ]
