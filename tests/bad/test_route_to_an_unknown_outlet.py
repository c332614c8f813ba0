"""A route that tells somebody who is not there."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_route_to_an_unknown_outlet(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  routes:
  - matchers: ['severity="critical"']
    outlets: [webhok]
"""
    )
    assert found == [
        "tertulia.yaml:5: routing.routes[0].outlets[0]: there is no outlet 'webhok'; there are: none",
    ]
