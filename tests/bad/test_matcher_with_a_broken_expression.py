"""An expression that is none."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_matcher_with_a_broken_expression(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: ['brand=~"(fair"']
"""
    )
    assert found == [
        "tertulia.yaml:4: routing.routes[0].matchers[0]: '(fair' is no regular expression: missing ) at position 5",
    ]
