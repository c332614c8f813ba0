"""A route behind one that takes everything."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_behind_one_that_takes_all(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - group_by: [brand]
  - matchers: ['severity=critical']
"""
    )
    assert found == [
        ("tertulia.yaml:5: routing.routes[1]: warning: no alert comes here: other routes take those that match it"),
    ]
