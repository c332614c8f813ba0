"""A rule that watches nobody."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_rule_for_unknown_brands_and_groups(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - kind: crisis\n    brands: [fairfone]\n    groups: [phones]\n")
    assert found == [
        "tertulia.yaml:5: alerts.rules[0].brands[0]: there is no brand 'fairfone'; did you mean `fairphone`?",
        "tertulia.yaml:6: alerts.rules[0].groups[0]: there is no group 'phones'",
    ]
