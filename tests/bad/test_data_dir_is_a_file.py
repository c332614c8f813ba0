"""A folder that is a file."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_data_dir_is_a_file(complaints: Complaints) -> None:
    found = complaints(BRAND + "data_dir: /dev/null/tertulia\n")
    assert found == [
        "tertulia.yaml:2: data_dir: /dev/null is a file, not a folder",
    ]
