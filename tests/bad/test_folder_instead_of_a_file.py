"""A folder where a file is due."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_folder_instead_of_a_file(complaints: Complaints) -> None:
    assert complaints.of(complaints.folder) == ["~: cannot be read: Is a directory"]
