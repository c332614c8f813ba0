"""A rule that silences nobody."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_inhibition_without_a_target(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  inhibit:
  - source_matchers: [kind=crisis]
"""
    )
    assert found == [
        "tertulia.yaml:4: routing.inhibit[0].target_matchers: is missing",
    ]
