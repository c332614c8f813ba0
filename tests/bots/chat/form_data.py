"""Reads a multipart form, by the standard library's parser of MIME."""

from __future__ import annotations

import email
import email.policy

from tests.bots.chat.destination import Seen


def parts_of(seen: Seen) -> dict[str, bytes]:
    """The fields of the request by name."""
    head = f"Content-Type: {seen.headers['Content-Type']}\r\n\r\n".encode()
    found: dict[str, bytes] = {}
    for part in email.message_from_bytes(head + seen.body, policy=email.policy.HTTP).walk():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            found[name] = value
    return found
