"""Two brands of one name: both lines."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brand_given_twice(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  terms: [Fairphone]\n- name: fairphone\n  terms: [FP5]\n")
    assert found == [
        "tertulia.yaml:4: brands[1].name: a second brand 'fairphone'; the first stands at tertulia.yaml:2",
    ]
