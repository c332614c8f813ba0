"""Whether a request to `/ingest` was made by someone who knows the secret, lately.

X-Tertulia-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">      may hold several v1
webhook-signature: v1,<base64 HMAC-SHA256 of "<id>.<timestamp>.<body>">           may hold several, with blanks between
    with webhook-id and webhook-timestamp: Standard Webhooks (https://www.standardwebhooks.com)
X-Hub-Signature-256: sha256=<hex HMAC-SHA256 of the body>                         only where the inlet allows it
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import NamedTuple

from multidict import CIMultiDictProxy

OURS = "X-Tertulia-Signature"
STANDARD = "webhook-signature"
HUB = "X-Hub-Signature-256"
TOLERANCE_S = 300
MOST_SIGNATURES = 5  # of one header: a sender that changes its secret sends two
_TIME = re.compile(r"t=(\d{1,11})", re.ASCII)
_SIGNATURE = re.compile(r"v1=([0-9a-fA-F]{64})")
_SECONDS = re.compile(r"\d{1,11}", re.ASCII)
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_HUB = re.compile(r"sha256=([0-9a-fA-F]{64})")


class Claim(NamedTuple):
    """What a request says of itself: `before` the body stands this in what was signed, and one of `given` is right."""

    before: bytes
    given: tuple[bytes, ...]

    def holds(self, body: bytes, keys: Iterable[bytes]) -> bool:
        """Whether one of the keys made one of the signatures; takes as long whatever is wrong."""
        found = False
        for key in keys:
            made = hmac.new(key, self.before, hashlib.sha256)
            made.update(body)
            wanted = made.hexdigest().encode()
            for given in self.given:
                found |= hmac.compare_digest(wanted, given)
        return found


def claim_of(headers: CIMultiDictProxy[str], now: float, *, hub: bool) -> Claim | None:
    """The claim, when there is one and it is of these minutes; `now` in Unix seconds. The body need not be read yet."""
    ours = headers.getall(OURS, [])
    if len(ours) == 1:
        return _ours(ours[0], now)
    if not ours and STANDARD in headers:
        return _standard(headers, now)
    other = headers.getall(HUB, []) if hub and not ours else []
    found = _HUB.fullmatch(other[0].strip()) if len(other) == 1 else None
    return Claim(b"", (found[1].lower().encode(),)) if found else None


def _ours(header: str, now: float) -> Claim | None:
    parts = [part.strip() for part in header.split(",")]
    times = [found[1] for part in parts if (found := _TIME.fullmatch(part))]
    given = [found[1].lower().encode() for part in parts if (found := _SIGNATURE.fullmatch(part))]
    if len(times) != 1 or not given or abs(now - int(times[0])) > TOLERANCE_S:
        return None
    return Claim(f"{times[0]}.".encode(), tuple(given[:MOST_SIGNATURES]))


def _standard(headers: CIMultiDictProxy[str], now: float) -> Claim | None:
    said = [headers.getall(name, []) for name in ("webhook-id", "webhook-timestamp", STANDARD)]
    if any(len(each) != 1 for each in said):
        return None
    (name,), (seconds,), (signatures,) = said
    if not _ID.fullmatch(name) or not _SECONDS.fullmatch(seconds) or abs(now - int(seconds)) > TOLERANCE_S:
        return None
    given = [found for word in signatures.split(" ")[:MOST_SIGNATURES] if (found := _hex(word)) is not None]
    return Claim(f"{name}.{seconds}.".encode(), tuple(given)) if given else None


def _hex(word: str) -> bytes | None:
    """The digest behind `v1,`, in the form that it is compared in; other versions are for other receivers."""
    version, _, digest = word.partition(",")
    if version != "v1":
        return None
    try:
        return base64.b64decode(digest, validate=True).hex().encode()
    except binascii.Error:
        return None
