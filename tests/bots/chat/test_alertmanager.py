"""What Alertmanager is sent. `tests/real/test_alertmanager.py` sends it to a real one."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.alertmanager import ALIVE, AlertmanagerOptions, payload
from bots.chat.base import Message
from bots.chat.document import Document
from bots.chat.places import KEPT_ALIVE
from config.routing import UNROUTED
from tests.bots.chat.destination import NOW, alert

RESOLVED = msgspec.structs.replace(alert(), state="resolved", ended_at=NOW - timedelta(minutes=1))


def sent(*alerts: Any, link: str = "") -> list[dict[str, Any]]:
    """The body of a request."""
    found: list[dict[str, Any]] = json.loads(payload(Message("k", Document("t", (), link), alerts), NOW))
    return found


def test_labels_are_names_and_texts_and_tell_alerts_apart() -> None:
    (one,) = sent(alert())
    assert one["labels"]["id"] == alert().fingerprint
    assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name) for name in (*one["labels"], *one["annotations"]))
    assert all(isinstance(value, str) and value for value in (*one["labels"].values(), *one["annotations"].values()))
    assert "source" not in one["labels"], "an empty label is none there"


def test_what_fires_ends_later_than_it_is_said_again_and_what_is_over_when_it_ended() -> None:
    firing, over = sent(alert(), RESOLVED)
    assert datetime.fromisoformat(firing["endsAt"]) == NOW + ALIVE
    assert ALIVE >= 4 * KEPT_ALIVE, "as Prometheus does: some that are lost do no harm"
    assert datetime.fromisoformat(over["endsAt"]) == NOW - timedelta(minutes=1)
    assert firing["startsAt"] == over["startsAt"]


def test_nobodys_words_but_the_title_are_sent_and_it_is_one_line() -> None:
    hostile = msgspec.structs.replace(alert(), title="a\x1b[31m\n\u202eb\x00", evidence=({"text": "what she said"},))
    (one,) = sent(hostile)
    assert one["annotations"]["summary"] == "a[31m b"
    assert "she said" not in json.dumps(one)


def test_a_link_is_the_generator_where_there_is_one() -> None:
    assert "generatorURL" not in sent(alert())[0]
    assert sent(alert(), link="https://example.org/#a")[0]["generatorURL"] == "https://example.org/#a"


def test_a_message_without_alerts_is_an_empty_list() -> None:
    assert sent() == []


@pytest.mark.parametrize("url", ["alertmanager:9093", "ftp://example.org", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        AlertmanagerOptions(url=url)


def test_it_is_known_as_one_that_is_not_routed() -> None:
    assert {"alertmanager"} == UNROUTED
    assert AlertmanagerOptions(url="http://a:9093/").url == "http://a:9093"
