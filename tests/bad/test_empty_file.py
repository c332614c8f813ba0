"""An empty file changes nothing: a warning."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_empty_file(complaints: Complaints) -> None:
    assert complaints("") == ["tertulia.yaml:1: warning: the file is empty: the shipped defaults are used"]
