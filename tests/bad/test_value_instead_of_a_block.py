"""A block given as a value."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_value_instead_of_a_block(complaints: Complaints) -> None:
    found = complaints(BRAND + "kafka: localhost:9092\n")
    assert found == [
        "tertulia.yaml:2: kafka: must be a block of settings (`key: value` lines), not 'localhost:9092'",
    ]
