"""A language is a tag, not a name."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_language_by_its_name(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  terms: [Fairphone]\n  languages: [es, spanish]\n")
    assert found == [
        "tertulia.yaml:4: brands[0].languages[1]: 'spanish' is no language tag, such as es, en or pt-BR",
    ]
