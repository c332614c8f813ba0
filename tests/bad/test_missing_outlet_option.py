"""An outlet without its address."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_missing_outlet_option(complaints: Complaints) -> None:
    found = complaints(BRAND + "outlets:\n  webhook:\n    tries: 2\n")
    assert found == [
        "tertulia.yaml:3: outlets.webhook.url: is missing",
    ]
