"""A word where a matcher belongs."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_matcher_without_operator(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: [critical]
"""
    )
    assert found == [
        (
            "tertulia.yaml:4: routing.routes[0].matchers[0]: 'critical' is no matcher; it is written "
            'label="value", label!="value", label=~"expression"'
        ),
    ]
