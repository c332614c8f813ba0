"""Half a port."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_port_with_a_fraction(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  port: 6066.5\n")
    assert found == [
        "tertulia.yaml:3: api.port: 6066.5 is not a whole number",
    ]
