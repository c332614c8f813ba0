"""A rule that watches nobody."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_alert_for_an_unknown_brand(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  volume_spike:\n  - brands: [fairfone]\n")
    assert found == [
        ("tertulia.yaml:4: alerts.volume_spike[0].brands[0]: there is no brand 'fairfone'; did you mean `fairphone`?"),
    ]
