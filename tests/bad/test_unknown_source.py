"""A network that there is not."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_source(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources:\n  blusky: {}\n")
    assert found == [
        (
            "tertulia.yaml:3: sources.blusky: there is no 'blusky' here, only: bluesky, demo, hackernews, "
            "rss; did you mean `bluesky`?"
        ),
    ]
