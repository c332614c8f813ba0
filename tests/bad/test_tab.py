"""Tabs cannot indent."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_tab(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n\tport: 6066\n")
    assert found == [
        "tertulia.yaml:3: a tab indents this line; YAML wants spaces",
    ]
