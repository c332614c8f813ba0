"""A route that is mute at times that nobody named."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_at_unknown_times(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  mute: [nights]
  times: [{name: night, hours: ['22:00-07:00']}]
"""
    )
    assert found == [
        "tertulia.yaml:3: routing.mute[0]: there is no time 'nights'; did you mean `night`?",
    ]
