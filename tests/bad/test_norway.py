"""`NO` and `on` are words here, as in YAML 1.2: no surprise, so nothing to report."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_norway(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: on\n  terms: [on, yes, NO]\n  languages: [no, NO]\n")
    assert found == []
