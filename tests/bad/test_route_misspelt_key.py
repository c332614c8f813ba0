"""A misspelt key of a route far down."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_misspelt_key(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: [severity=critical]
    routes:
    - matcher: [brand=fairphone]
      contineu: true
"""
    )
    assert found == [
        "tertulia.yaml:6: routing.routes[0].routes[0].matcher: unknown key; did you mean `matchers`?",
        "tertulia.yaml:7: routing.routes[0].routes[0].contineu: unknown key; did you mean `continue`?",
    ]
