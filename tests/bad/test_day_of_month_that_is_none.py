"""The last day of a month before its first."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_day_of_month_that_is_none(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  times:
  - name: payday
    days_of_month: ['-1:5', 32]
"""
    )
    assert found == [
        (
            "tertulia.yaml:5: routing.times[0].days_of_month[0]: '-1:5': where the first day is counted "
            "from the end of the month, so is the last"
        ),
        ("tertulia.yaml:5: routing.times[0].days_of_month[1]: '32' is no day of a month, 1 to 31, or -1 for its last"),
    ]
