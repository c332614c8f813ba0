"""A wrong secret is not repeated in the message."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_secret_is_never_shown(complaints: Complaints) -> None:
    found = complaints(BRAND + "outlets:\n  webhook:\n    url: 12345678\n")
    assert found == [
        "tertulia.yaml:4: outlets.webhook.url: must be text; put it in quotes",
        (
            "tertulia.yaml:4: outlets.webhook.url: warning: a secret in a file that gets copied around; "
            "better url_file, or the environment"
        ),
    ]
