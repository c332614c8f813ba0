"""A duration without a unit that is known."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_wrong_duration(complaints: Complaints) -> None:
    found = complaints(BRAND + "ledger:\n  retention: 3 months\n")
    assert found == [
        (
            "tertulia.yaml:3: ledger.retention: '3 months' is not a duration; write a number and a unit, "
            "such as 90s, 15m, 24h, 7d or 2w"
        ),
    ]
