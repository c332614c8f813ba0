"""What every outlet must do, whatever its network: one suite over the registry, against a real server on loopback."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from bots.chat import OUTLETS
from bots.chat.base import Delivered, Message, Outlet, Refused, RetryLater, Tools
from bots.chat_role import configured
from tests.bots.chat.destination import NOW, Answer, Destination, Seen, alert, destination, session

SECRET = "s3cr3t-t0ken"
# One line per outlet: the options that lead to a destination on loopback.
OPTIONS: dict[str, Callable[[str], dict[str, Any]]] = {
    "webhook": lambda url: {"url": f"{url}/hook/{SECRET}?key={SECRET}", "secret": SECRET},
    "matrix": lambda url: {"homeserver": url, "room": "!room:example.org", "token": SECRET},
}
HOSTILE = (
    "<script>alert(1)</script> @room @everyone [x](javascript:alert(1)) \u202egnp.exe\u2066 \x07\x1b[31m"
    "</blockquote><img src=x onerror=alert(1)> &lt;b&gt; **bold** `code` \ufeff"
) + "👩‍👩‍👧‍👦" * 400


def outlet_of(name: str, url: str, tools: Tools, **more: Any) -> Outlet:
    given = {**OPTIONS[name](url), "timeout": "300ms", **more}
    return OUTLETS[name](OUTLETS[name].options_type.model_validate(given), tools)


@pytest.fixture(params=sorted(OUTLETS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def place() -> AsyncIterator[Destination]:
    async with destination() as found:
        yield found


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with session() as found:
        yield Tools(found, lambda: NOW)


@pytest.fixture
def outlet(name: str, place: Destination, tools: Tools) -> Outlet:
    return outlet_of(name, place.url, tools)


MESSAGE = Message(alert(), "Acme")


def identity(seen: Seen) -> tuple[str, str, str | None]:
    """By what the destination can tell that it has seen this message before."""
    return seen.method, seen.path, seen.headers.get("Idempotency-Key")


def test_every_outlet_is_under_this_contract() -> None:
    assert set(OPTIONS) == set(OUTLETS)


async def test_2xx_is_delivered(outlet: Outlet, place: Destination) -> None:
    for status in (200, 201, 202, 204):
        place.answers = [Answer(status, body="")]
        assert await outlet.send(MESSAGE) == Delivered()
    assert b"Acme: 84 posts in 5m, usually about 12" in place.seen[0].body


async def test_a_second_attempt_bears_the_same_name_and_another_event_another(
    name: str, place: Destination, tools: Tools
) -> None:
    """Even when it is made an hour later, with quotes taken back in the meantime, by a new process."""
    later = replace_now(tools)
    first, second = outlet_of(name, place.url, tools), outlet_of(name, place.url, later)
    await first.send(MESSAGE)
    await second.send(Message(msgspec.structs.replace(MESSAGE.alert, evidence=()), "Acme"))
    for other in (alert(state="resolved"), alert(fingerprint="beef"), alert(started=NOW + timedelta(seconds=1))):
        await first.send(Message(other, "Acme"))
    names = [identity(seen) for seen in place.seen]
    assert names[0] == names[1]
    assert len(set(names)) == 4


def replace_now(tools: Tools) -> Tools:
    return msgspec.structs.replace(tools, now=lambda: NOW + timedelta(hours=1))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_passing_failure_is_to_be_tried_again(outlet: Outlet, place: Destination, status: int) -> None:
    place.answers = [Answer(status, body="<html>busy</html>")]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after is None
    assert str(status) in outcome.reason


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_told(outlet: Outlet, place: Destination, status: int) -> None:
    place.answers = [Answer(status, headers={"Retry-After": "7"})]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after == 7


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", "Mon, 99 Foo"])
async def test_a_senseless_retry_after_is_not_obeyed(outlet: Outlet, place: Destination, nonsense: str) -> None:
    place.answers = [Answer(429, headers={"Retry-After": nonsense})]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after in (None, 0)


@pytest.mark.parametrize("how", ["hang", "cut"])
async def test_no_answer_is_to_be_tried_again(outlet: Outlet, place: Destination, how: str) -> None:
    place.usual = Answer(how=how)
    assert isinstance(await outlet.send(MESSAGE), RetryLater)


async def test_nobody_there_is_to_be_tried_again(name: str, tools: Tools) -> None:
    with socket.socket() as taken:  # bound, but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        outcome = await outlet_of(name, f"http://127.0.0.1:{taken.getsockname()[1]}", tools).send(MESSAGE)
    assert isinstance(outcome, RetryLater)


async def test_an_endless_answer_is_not_read_to_its_end(outlet: Outlet, place: Destination) -> None:
    place.answers = [Answer(how="endless")]
    assert await outlet.send(MESSAGE) == Delivered()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413])
async def test_a_lasting_failure_is_refused(outlet: Outlet, place: Destination, status: int) -> None:
    """A redirect is not followed: what is signed or bears a token goes only where it was meant to."""
    place.answers = [Answer(status, headers={"Location": f"{place.url}/elsewhere"}, body="you may not")]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, Refused)
    assert "you may not" in outcome.reason
    assert len(place.seen) == 1


async def test_reasons_hold_no_secret_and_no_control_characters(outlet: Outlet, place: Destination) -> None:
    for answer in (Answer(403, body="\x1b[31mno\x00\u202e"), Answer(500), Answer(how="hang"), Answer(how="cut")):
        place.usual = answer
        outcome = await outlet.send(MESSAGE)
        assert not isinstance(outcome, Delivered)
        assert SECRET not in outcome.reason
        assert outcome.reason.isprintable()


async def test_hostile_words_stay_words(outlet: Outlet, place: Destination) -> None:
    await outlet.send(Message(msgspec.structs.replace(alert(text=HOSTILE), title=HOSTILE), HOSTILE))
    body = place.seen[0].body
    assert len(body) < 60_000  # the smallest limit of a network here is Matrix's event of 64 KiB
    decoded = msgspec.json.decode(body)
    shown = decoded.get("body") or decoded["data"]["text"]
    assert "@room" not in shown
    assert "@everyone" not in shown
    assert not set("\x00\x07\x1b\u202e\u2066\ufeff") & set(shown)
    assert shown.count("\n") == 2  # title, details, one quote: nobody's words begin a line of their own


async def test_a_resolved_alert_says_so_and_quotes_nobody(outlet: Outlet, place: Destination) -> None:
    await outlet.send(Message(alert(state="resolved", text="quoted words"), "Acme"))
    decoded = msgspec.json.decode(place.seen[0].body)
    shown = decoded.get("body") or decoded["data"]["text"]
    assert "✅" in shown
    assert "quoted words" not in shown


def test_options_are_described_and_keep_their_secrets(name: str) -> None:
    options_type = OUTLETS[name].options_type
    assert all(field.description for field in options_type.model_fields.values())
    options = options_type.model_validate(OPTIONS[name]("http://127.0.0.1:1"))
    assert SECRET not in repr(options)
    assert SECRET not in str(options.model_dump(mode="json"))
    assert any(isinstance(value, SecretStr) for value in options.model_dump().values())


def test_options_survive_the_way_through_the_loader(name: str) -> None:
    """The loader checks them and hands on plain mappings."""
    checked = OUTLETS[name].options_type.model_validate(OPTIONS[name]("http://127.0.0.1:1"))
    assert configured({name: checked.model_dump()}) == {name: checked}
    assert configured({"team": OPTIONS[name]("http://127.0.0.1:1") | {"kind": name}}) == {"team": checked}


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"tries": 0}, {"timeout": "fast"}])
def test_wrong_options_are_refused(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OUTLETS[name].options_type.model_validate(OPTIONS[name]("http://127.0.0.1:1") | wrong)
