"""A port that no machine has."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_port_out_of_range(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  port: 66000\n")
    assert found == [
        "tertulia.yaml:3: api.port: 66000 is out of range; it must be at most 65535",
    ]
