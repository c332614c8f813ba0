"""The second of two equal keys is refused, with the line of the first."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_key_given_twice(complaints: Complaints) -> None:
    found = complaints(BRAND + "api: {port: 6066}\nviews: {min_posts: 5}\napi: {port: 6067}\n")
    assert found == [
        "tertulia.yaml:4: api: is given twice; first in line 2",
    ]
