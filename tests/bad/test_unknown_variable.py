"""A variable that gives no setting, with the one that was meant."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_variable(complaints: Complaints) -> None:
    found = complaints(BRAND + "\n", env={"TERTULIA_API__PROT": "1", "PATH": "/bin", "TERTULIA_TEST_KAFKA": "x"})
    assert found == [
        "TERTULIA_API__PROT: no setting has this variable; did you mean `TERTULIA_API__PORT`?",
    ]
