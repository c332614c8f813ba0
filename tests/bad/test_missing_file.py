"""A file that was named and is not there."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_missing_file(complaints: Complaints) -> None:
    assert complaints.of(complaints.file) == ["tertulia.yaml: cannot be read: No such file or directory"]
