"""A folder that this user may not write to."""

from __future__ import annotations

import os

import pytest

from tests.bad.complaints import BRAND, Complaints


def test_data_dir_is_read_only(complaints: Complaints, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, who may write anywhere: the system's answer is the one thing that is played here.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    found = complaints(BRAND + f"data_dir: {complaints.folder}/data\n")
    assert found == ["tertulia.yaml:2: data_dir: ~ cannot be written by this user"]
