"""The rest through Apprise: real services of Apprise that lead to loopback."""

from __future__ import annotations

import logging
import sys
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.apprise import Apprise, AppriseOptions
from bots.chat.base import Delivered, RetryLater, Tools
from bots.chat.document import Document, Part
from tests.bots.chat.destination import NOW, Answer, destination, session
from tests.bots.chat.messages import message

LONG = (*message().document.parts, Part("", ("x " * 200,) * 100))


async def test_a_services_own_limit_of_length_is_kept() -> None:
    assert (await _body(Document("🔺 Acme", LONG), "ntfy"))["message"].endswith("…")


async def _body(document: Document, kind: str) -> dict[str, Any]:
    async with destination() as place, session() as http:
        options = AppriseOptions.model_validate({"url": place.url.replace("http://", f"{kind}://") + "/topic"})
        told = msgspec.structs.replace(message(), document=document)
        assert await Apprise(options, Tools(http, lambda: NOW)).send(told) == Delivered()
    (seen,) = place.seen
    body: dict[str, Any] = msgspec.json.decode(seen.body)
    assert len(body["message"].encode()) <= 7_800  # ntfy's
    return body


async def test_the_title_stands_apart_where_the_service_has_one() -> None:
    body = await _body(message().document, "ntfy")
    assert body["title"] == "🔺 Acme: 84 posts in 5m"
    assert body["topic"] == "topic"
    assert body["message"].startswith("usually about 12")


async def test_a_late_service_is_taken_for_failed() -> None:
    async with destination() as place, session() as http:
        place.usual = Answer(how="hang")
        options = AppriseOptions.model_validate({"url": place.url.replace("http", "json"), "timeout": "200ms"})
        outcome = await Apprise(options, Tools(http, lambda: NOW)).send(message())
    assert isinstance(outcome, RetryLater)
    assert "200" in outcome.reason or "0.2" in outcome.reason


async def test_a_service_that_raises_is_tried_again_without_telling_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patched: which of the hundred services raises, and when, changes from version to version."""

    def fail(*_given: Any, **_more: Any) -> bool:
        raise RuntimeError("json://s3cr3t-t0ken")

    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.notify", fail)
    async with session() as http:
        options = AppriseOptions.model_validate({"url": "json://localhost"})
        outcome = await Apprise(options, Tools(http, lambda: NOW)).send(message())
    assert outcome == RetryLater("Apprise failed: RuntimeError")


async def test_no_log_holds_the_address_of_a_service(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiohttp.access").disabled = True  # the destination's own
    async with destination() as place, session() as http:
        url = place.url.replace("http", "json") + "/s3cr3t-t0ken"
        assert await Apprise(AppriseOptions.model_validate({"url": url}), Tools(http, lambda: NOW)).send(message())
    assert "s3cr3t-t0ken" in place.seen[0].path
    assert "s3cr3t-t0ken" not in caplog.text


@pytest.mark.parametrize("wrong", ["nonsense://x", "https://example.org", "", "irc:"])
def test_an_unknown_address_is_named_without_being_shown(wrong: str) -> None:
    with pytest.raises(ValidationError, match="Apprise knows") as raised:
        AppriseOptions.model_validate({"url": wrong + "/s3cr3t-t0ken" if wrong else wrong})
    assert "s3cr3t" not in str(raised.value)


def test_without_apprise_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patched: the library cannot be taken out of the running interpreter."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ValidationError, match=r"pip install 'tertulia\[apprise\]'"):
        AppriseOptions.model_validate({"url": "json://localhost"})
