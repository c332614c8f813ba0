"""A matcher with a misspelt value."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_that_never_matches(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: ['brand=fairfone']
"""
    )
    assert found == [
        (
            "tertulia.yaml:4: routing.routes[0]: warning: no rule raises an alert that matches it; did you "
            "mean `fairphone`?"
        ),
    ]
