"""A term of nothing would match everything."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_empty_term(complaints: Complaints) -> None:
    found = complaints('brands:\n- name: fairphone\n  terms:\n  - Fairphone\n  - " "\n  hashtags: ["#"]\n')
    assert found == [
        "tertulia.yaml:5: brands[0].terms[1]: is empty; take it out",
        "tertulia.yaml:6: brands[0].hashtags[0]: is empty; take it out",
    ]
