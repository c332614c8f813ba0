"""A brand that nothing can name."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brand_without_terms(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  title: Fairphone\n")
    assert found == [
        "tertulia.yaml:2: brands[0]: the brand needs at least one of: terms, hashtags, handles, domains",
    ]
