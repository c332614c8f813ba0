"""A message that would be repeated without end."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_repeat_interval_of_nothing(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  repeat_interval: 0s
"""
    )
    assert found == [
        "tertulia.yaml:3: routing.repeat_interval: must be longer than 0s",
    ]
