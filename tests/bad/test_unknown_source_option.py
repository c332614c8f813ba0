"""An option that the source does not have."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_source_option(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources:\n  rss:\n    url: [x]\n")
    assert found == [
        "tertulia.yaml:4: sources.rss.url: unknown key; did you mean `urls`?",
    ]
