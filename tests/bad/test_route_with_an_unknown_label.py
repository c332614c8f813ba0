"""A matcher on what no alert has."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_with_an_unknown_label(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: [sverity=critical]
"""
    )
    assert found == [
        ("tertulia.yaml:4: routing.routes[0].matchers[0]: there is no label 'sverity'; did you mean `severity`?"),
    ]
