"""A secret from a file without one."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_secret_file_is_empty(complaints: Complaints) -> None:
    (complaints.folder / "token").write_text("\n")
    found = complaints(BRAND + "api:\n  token_file: token\n")
    assert found == ["tertulia.yaml:3: api.token_file: ~/token is empty"]
