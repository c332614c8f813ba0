"""A file with nothing but comments changes nothing: a warning."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_only_comments(complaints: Complaints) -> None:
    found = complaints("# brands:\n#   - name: fairphone\n")
    assert found == [
        "tertulia.yaml:1: warning: the file is empty: the shipped defaults are used",
    ]
