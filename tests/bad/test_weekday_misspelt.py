"""A misspelt day of the week."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_weekday_misspelt(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  times:
  - name: weekend
    weekdays: [saturday:sonday]
"""
    )
    assert found == [
        "tertulia.yaml:5: routing.times[0].weekdays[0]: there is no weekday 'sonday'; did you mean `sunday`?",
    ]
