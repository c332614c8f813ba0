"""An outlet that there is not."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_outlet(complaints: Complaints) -> None:
    found = complaints(BRAND + 'outlets:\n  webhok: {url: "http://localhost"}\n')
    assert found == [
        "tertulia.yaml:3: outlets.webhok: there is no 'webhok' here, only: webhook; did you mean `webhook`?",
    ]
