"""Any program that takes JSON by HTTP POST, signed by the Standard Webhooks scheme (https://www.standardwebhooks.com).

POST <url>
webhook-id: <key>              the same for every attempt: what was seen before can be ignored
webhook-timestamp: <seconds>   when this attempt was made
webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>     only with a secret

{"type": "alert.firing", "timestamp": …, "data": {"key": …, "text": …, "lang": …, "alerts": [{…}, …]}}

The type is `alert.resolved` when nothing of what it tells goes on, and `message` when it tells of no alerts (a digest).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Literal

import msgspec
from pydantic import Field, SecretStr, field_validator

from bots.chat.base import ONE_PLACE, Message, Outcome, Outlet, OutletOptions, Tools
from bots.chat.post import attempt
from bots.chat.text import as_plain
from config.webhook_key import signing_key
from streams.alerting.clock import to_ms


class WebhookOptions(OutletOptions):
    """Alerts as JSON to a program of one's own."""

    kind: Literal["webhook"] = Field(default="webhook", description="What this outlet is.")
    url: SecretStr = Field(description="Address to POST to. Secret, because many services put a token into it.")
    secret: SecretStr | None = Field(
        default=None, description="Key of the signature: `whsec_` and base64, or any text; none: not signed."
    )

    @field_validator("url")
    @classmethod
    def _leads_to_the_web(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @field_validator("secret")
    @classmethod
    def _can_be_decoded(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            signing_key(value.get_secret_value())
        return value


class Webhook(Outlet):
    """See the module."""

    name = "webhook"
    options_type = WebhookOptions
    options: WebhookOptions

    def __init__(self, options: WebhookOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._key = None if options.secret is None else signing_key(options.secret.get_secret_value())

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One POST; 2xx is delivered."""
        if to is not None:
            return ONE_PLACE
        body = payload(message, self.tools.now())
        seconds = to_ms(self.tools.now()) // 1_000
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            "webhook-id": message.key,
            "webhook-timestamp": str(seconds),
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, message.key, seconds, body)
        url = self.options.url.get_secret_value()
        return await attempt(self.tools.session, "POST", url, body, headers, self.options.timeout)


def payload(message: Message, now: datetime) -> bytes:
    """The body of the request; `now` stands for messages that tell of no alert."""
    states = {alert.state for alert in message.alerts}
    kind = "message" if not states else "alert.firing" if "firing" in states else "alert.resolved"
    text = as_plain(message.document, lang=message.lang)
    data = {"key": message.key, "text": text, "lang": message.lang, "alerts": message.alerts}
    timestamp = max((alert.at for alert in message.alerts), default=now)
    return msgspec.json.encode({"type": kind, "timestamp": timestamp, "data": data})


def signature(key: bytes, message_id: str, seconds: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    digest = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
