"""Two documents in a file."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_second_document(complaints: Complaints) -> None:
    found = complaints(BRAND + "---\napi: {port: 1}\n")
    assert found == [
        "tertulia.yaml:3: a second document (`---`) begins here; keep one per file",
    ]
