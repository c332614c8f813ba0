"""The secret of a signed webhook, as its key: what we send and what we take in is signed in the same ways."""

from __future__ import annotations

import base64
import binascii
from typing import Final

PREFIX: Final = "whsec_"
"""Of a secret of Standard Webhooks (https://www.standardwebhooks.com): behind it the key's bytes stand in base64."""


def signing_key(secret: str) -> bytes:
    """The key's bytes. Raises `ValueError` when there are none, or what follows `whsec_` is no base64."""
    try:
        given = secret.removeprefix(PREFIX)
        key = base64.b64decode(given, validate=True) if secret.startswith(PREFIX) else secret.encode()
    except binascii.Error as error:
        raise ValueError(f"what follows {PREFIX} must be base64") from error
    if not key:
        raise ValueError("is empty: anybody could sign with it")
    return key
