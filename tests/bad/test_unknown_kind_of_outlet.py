"""An outlet of one's own name, of a kind that there is not."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_kind_of_outlet(complaints: Complaints) -> None:
    found = complaints(BRAND + 'outlets:\n  team:\n    kind: pager\n    url: "http://localhost"\n')
    assert found == [
        "tertulia.yaml:4: outlets.team.kind: there is no 'pager' here, only: webhook",
    ]
