"""The generic webhook: the signature of Standard Webhooks, and the form of the body."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from bots.chat.base import Delivered, Message, Tools
from bots.chat.webhook import Webhook, WebhookOptions, payload, signature
from config.webhook_key import signing_key
from streams.records import Alert
from tests.bots.chat.destination import NOW, alert, destination, session
from tests.bots.chat.messages import message

MESSAGE = message()


def test_signature_of_the_specifications_own_example() -> None:
    """The vector that the Standard Webhooks libraries test themselves with."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_receiver_can_verify_what_it_got() -> None:
    async with destination() as place, session() as http:
        options = WebhookOptions(url=SecretStr(place.url), secret=SecretStr("a plain secret"))
        assert await Webhook(options, Tools(http, lambda: NOW)).send(MESSAGE) == Delivered()
    seen = place.seen[0]
    name, seconds = seen.headers["webhook-id"], seen.headers["webhook-timestamp"]
    expected = hmac.new(b"a plain secret", f"{name}.{seconds}.".encode() + seen.body, hashlib.sha256).digest()
    assert seen.headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert int(seconds) == NOW.timestamp()
    assert name == seen.headers["Idempotency-Key"] == MESSAGE.key


async def test_without_a_secret_nothing_is_signed() -> None:
    async with destination() as place, session() as http:
        await Webhook(WebhookOptions(url=SecretStr(place.url)), Tools(http, lambda: NOW)).send(MESSAGE)
    assert "webhook-signature" not in place.seen[0].headers


def test_the_body_carries_all_alerts_whole() -> None:
    over = alert("beef", state="resolved")
    told = msgspec.structs.replace(MESSAGE, alerts=(*MESSAGE.alerts, over))
    body = msgspec.json.decode(payload(told, NOW))
    assert body["type"] == "alert.firing"
    assert body["data"]["key"] == MESSAGE.key
    assert body["data"]["lang"] == "en"
    assert msgspec.convert(body["data"]["alerts"], tuple[Alert, ...], strict=False) == told.alerts
    assert msgspec.convert(body["timestamp"], type(NOW), strict=False) == over.at


@pytest.mark.parametrize(
    ("alerts", "kind"), [((alert(state="resolved"),), "alert.resolved"), ((), "message"), ((alert(),), "alert.firing")]
)
def test_the_type_says_what_it_is_about(alerts: tuple[Alert, ...], kind: str) -> None:
    body = msgspec.json.decode(payload(Message("k", MESSAGE.document, alerts), NOW))
    assert body["type"] == kind
    assert msgspec.convert(body["timestamp"], type(NOW), strict=False) == NOW


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org"},
        {"url": "http://x", "secret": "whsec_not base64!"},
        {"url": "http://x", "secret": "whsec_"},
        {"url": "http://x", "secret": ""},
        {},
    ],
)
def test_mistakes_are_named(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebhookOptions.model_validate(wrong)
