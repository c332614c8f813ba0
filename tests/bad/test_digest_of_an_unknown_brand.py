"""A digest of a brand that is not listened for."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_digest_of_an_unknown_brand(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  digests:
  - name: morning
    brands: [fairfone]
"""
    )
    assert found == [
        ("tertulia.yaml:5: routing.digests[0].brands[0]: there is no brand 'fairfone'; did you mean `fairphone`?"),
    ]
