"""A file that is no configuration at all, such as a dump."""

from __future__ import annotations

from config.document import MAX_BYTES
from tests.bad.complaints import Complaints


def test_huge_file(complaints: Complaints) -> None:
    found = complaints(b"# " + b"x" * MAX_BYTES)
    assert found == ["tertulia.yaml: has more than 4 MiB; this is no configuration"]
