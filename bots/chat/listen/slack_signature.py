"""Whether a request was made by Slack, lately (docs.slack.dev/authentication/verifying-requests-from-slack).

X-Slack-Request-Timestamp: <Unix seconds>
X-Slack-Signature: v0=<hex HMAC-SHA256 of "v0:<timestamp>:<body>" under the app's signing secret>
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

TOLERANCE_S: Final = 300
_TIME: Final = re.compile(r"\d{1,11}", re.ASCII)


def is_slacks(secret: str, timestamp: str, signature: str, body: bytes, now_s: float) -> bool:
    """False for a wrong signature, one of another body, and one that is older or newer than five minutes."""
    if _TIME.fullmatch(timestamp) is None or abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    wanted = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={wanted}".encode(), signature.encode())
