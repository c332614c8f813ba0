"""Sources are named blocks, not a list."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_sources_as_a_list(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources:\n- rss\n")
    assert found == [
        "tertulia.yaml:2: sources: must be a block: a name, and its options below it",
    ]
