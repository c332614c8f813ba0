"""Whatever a network, or somebody behind it, sends: a listener takes it for a question or leaves it, and goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.chat.base import Tools
from bots.chat.listen.base import Question, Reply
from bots.chat.listen.completion import Completion
from bots.chat.listen.discord_interactions import Interactions
from bots.chat.listen.door import Door
from bots.chat.listen.listener import Parts
from bots.chat.listen.matrix import _read
from bots.chat.listen.memory import Memory
from bots.chat.listen.slack import SlackListener
from bots.chat.listen.slack_asked import SlackAsked
from bots.chat.listen.telegram import TelegramListener
from bots.chat.questions_options import Questions
from bots.chat.slack import Slack, SlackOptions
from bots.chat.telegram import Telegram, TelegramOptions
from bots.commands.client import ApiClient
from bots.http import Http
from bots.wire.discord_frames import Event
from bots.wire.slack_socket import Envelope

HEARD: list[Question] = []
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def mostly(form: dict[str, Any]) -> st.SearchStrategy[Any]:
    """The form, whole or with one or two of its values replaced by anything, or left out."""
    changes = st.dictionaries(st.sampled_from(sorted(form)), anything, max_size=2)
    gone = st.sets(st.sampled_from(sorted(form)), max_size=1)
    return st.builds(lambda new, old: {k: v for k, v in (form | new).items() if k not in old}, changes, gone)


def hear(question: Question, reply: Reply) -> None:
    HEARD.append(question)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    return Memory(tmp_path_factory.mktemp("memory") / "questions.sqlite3")


def parts(outlet: Any, memory: Memory) -> Parts:
    door = Door("x", Questions(enabled=True), frozenset({"C1", "1"}))
    completion = Completion(ApiClient("http://127.0.0.1:9"), lambda: 0.0)
    return Parts("x", outlet, Http(), door, memory, hear, completion, Random(1))


def tools() -> Tools:
    return Tools(None, lambda: datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[arg-type] # nothing is sent


SLASH = {"command": "/x", "user_id": "U1", "channel_id": "C1", "response_url": "http://x", "text": "help"}
EVENT = {"type": "app_mention", "channel": "C1", "user": "U1", "text": "<@U9> help", "ts": "1.5", "thread_ts": "1.4"}
USER = {"id": 5, "is_bot": False, "username": "ana", "first_name": "Ana"}
MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "group"}, "from": USER, "text": "/help"}
INTERACTION = {
    "id": "1",
    "application_id": "2",
    "token": "t",
    "type": 9,  # of a kind that is left alone: what follows would need a network
    "data": {"name": "pulse", "options": [{"name": "brand", "value": "x"}]},
    "channel_id": "1",
    "user": {"id": "5"},
}
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(
    payload=mostly(SLASH) | st.fixed_dictionaries({"event": mostly(EVENT)}) | anything,
    kind=st.sampled_from(["slash_commands", "events_api", "interactive", ""]),
)
def test_slack(memory: Memory, payload: Any, kind: str) -> None:
    given_ = {"token": "xoxb-1", "app_token": "xapp-1", "channel": "C123", "questions": {"enabled": True}}
    listener = SlackListener(parts(Slack(SlackOptions.model_validate(given_), tools()), memory))
    envelope = Envelope("e", kind, json.dumps(payload).encode())
    listener._take(envelope, SlackAsked(listener.parts, listener._web, "U9"))


@relaxed
@given(
    update=st.fixed_dictionaries({"update_id": st.integers() | anything, "message": mostly(MESSAGE) | anything})
    | anything
)
def test_telegram(memory: Memory, update: Any) -> None:
    given_ = {"token": "1:x", "chat": "-100", "questions": {"enabled": True}}
    listener = TelegramListener(parts(Telegram(TelegramOptions.model_validate(given_), tools()), memory))
    listener._me = "Bot"
    number = update.get("update_id") if isinstance(update, dict) else None
    behind = max(0, number + 1) if isinstance(number, int | float) else 7
    assert listener._handle(json.dumps(update).encode(), 7) in (7, behind)


@relaxed
@given(data=mostly(INTERACTION) | anything)
def test_discord(memory: Memory, data: Any) -> None:
    if isinstance(data, dict) and data.get("type") in (2, 4):
        return
    Interactions(parts(None, memory)).handle(Event("INTERACTION_CREATE", json.dumps(data).encode()))


@given(anything)
def test_matrix(event: Any) -> None:
    found = _read(event)
    assert found is None or isinstance(found.sender, str)


@relaxed
@given(raw=st.binary(max_size=200))
def test_bytes_that_are_no_json(memory: Memory, raw: bytes) -> None:
    given_ = {"token": "1:x", "chat": "-100", "questions": {"enabled": True}}
    listener = TelegramListener(parts(Telegram(TelegramOptions.model_validate(given_), tools()), memory))
    assert listener._handle(raw, 7) == 7
    Interactions(parts(None, memory)).handle(Event("INTERACTION_CREATE", raw))


def test_what_is_whole_is_heard(memory: Memory) -> None:
    """So that the tests above do not pass because nothing is ever understood."""
    HEARD.clear()
    given_ = {"token": "1:x", "chat": "-100", "questions": {"enabled": True}}
    listener = TelegramListener(parts(Telegram(TelegramOptions.model_validate(given_), tools()), memory))
    listener._handle(json.dumps({"update_id": 8, "message": MESSAGE}).encode(), 7)
    assert [question.text for question in HEARD] == ["help"]
