"""A number below its bound."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_wrong_outlet_option(complaints: Complaints) -> None:
    found = complaints(BRAND + "outlets:\n  webhook: {url_file: url, tries: 0}\n")
    assert found == [
        "tertulia.yaml:3: outlets.webhook.tries: 0 is out of range; it must be at least 1",
        "tertulia.yaml:3: outlets.webhook.url_file: ~/url cannot be read: No such file or directory",
    ]
