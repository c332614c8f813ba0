"""YAML keeps @ for itself."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_handle_without_quotes(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  handles: [@fairphone]\n")
    assert found == [
        "tertulia.yaml:3: a value cannot begin with @; put it in quotes",
    ]
