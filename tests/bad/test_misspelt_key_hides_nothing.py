"""What stands under a misspelt key is looked at as what was meant."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_misspelt_key_hides_nothing(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  term: Fairphone\n")
    assert found == [
        "tertulia.yaml:3: brands[0].term: unknown key; did you mean `terms`?",
        "tertulia.yaml:3: brands[0].term: must be a list; write [Fairphone]",
    ]
