"""What every outlet must do, whatever its network: one suite over the registry, against real servers on loopback."""

from __future__ import annotations

import base64
import html
import logging
import socket
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import regex
from pydantic import SecretStr, ValidationError

from bots.chat import OUTLETS
from bots.chat.base import Delivered, Message, Outlet, Refused, RetryLater, Tools
from bots.chat.document import Document, Part, Picture, Quote
from bots.chat_role import configured
from config.language import Lang
from tests.bots.chat.destination import NOW, PNG, Answer, session
from tests.bots.chat.messages import message
from tests.contract.outlet_worlds import SECRET, WORLDS, Place, World, place_of

FAMILY = "👩‍👩‍👧‍👦"
HOSTILE = (
    "<script>alert(1)</script> @room @everyone @here @channel @all <!channel> <!here> <@U123> <@&99> <#C1> "
    "[x](javascript:alert(1)) https://evil.example/x?y=1 www.evil.example \u202egnp.exe\u2066 \x07\x1b[31m \x00 "
    "</blockquote><img src=x onerror=alert(1)> &lt;b&gt; **bold** `code` ~~~ ||x|| "
    "\ufeff\u2060\u00ad\n# line\r\n> quote"
)
LONG = FAMILY * 1_500  # more than 10,000 characters


MESSAGE = message()


def outlet_of(world: World, url: str, tools: Tools, **more: Any) -> Outlet:
    given = {**world.options(url), "timeout": "20s", **more}
    kind = OUTLETS[world.outlet]
    return kind(kind.options_type.model_validate(given), tools)


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[str(request.param)]


@pytest.fixture
async def place(world: World) -> AsyncIterator[Place]:
    async with place_of(world) as found:
        yield found


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with session() as found:
        yield Tools(found, lambda: NOW)


@pytest.fixture
def outlet(world: World, place: Place, tools: Tools) -> Outlet:
    return outlet_of(world, place.url, tools)


@pytest.fixture
def impatient(world: World, place: Place, tools: Tools) -> Outlet:
    """One that does not wait long for an answer that never comes."""
    return outlet_of(world, place.url, tools, timeout="300ms")


def those(fit: Callable[[World], bool]) -> pytest.MarkDecorator:
    """Only the worlds for which the test has a meaning."""
    found = {name: world for name, world in WORLDS.items() if fit(world)}
    return pytest.mark.parametrize("world", list(found.values()), ids=list(found))


def test_every_outlet_is_under_this_contract() -> None:
    assert {world.outlet for world in WORLDS.values()} == set(OUTLETS)


async def test_what_the_destination_takes_is_delivered(outlet: Outlet, place: Place, world: World) -> None:
    for status in world.good:
        place.answers = [Answer(status, body="" if status == 204 else world.fine)]
        assert await outlet.send(MESSAGE) == Delivered()
    shown = world.shown(place.seen[0])
    if not world.draws:
        assert "84 posts in 5m" in shown
        return
    for words in ("Acme: 84 posts in 5m", "usually about 12", "It does not charge", "without an address"):
        assert words in shown.replace("\\", "")


@those(lambda world: world.identity is not None)
async def test_a_second_attempt_bears_the_same_name_and_another_message_another(
    world: World, place: Place, tools: Tools
) -> None:
    """Even when it is made an hour later, with quotes taken back in the meantime, by a new process."""
    assert world.identity is not None
    later = msgspec.structs.replace(tools, now=lambda: NOW + timedelta(hours=1))
    first, second = outlet_of(world, place.url, tools), outlet_of(world, place.url, later)
    await first.send(MESSAGE)
    await second.send(message(text="other words"))
    await first.send(message(key="f00d-2"))
    names = [world.identity(seen) for seen in place.seen]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_passing_failure_is_to_be_tried_again(outlet: Outlet, place: Place, world: World, status: int) -> None:
    place.answers = [Answer(status, body="<html>busy</html>")]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after is None
    assert "busy" in outcome.reason or not world.tells_why


@those(lambda world: world.by_http and world.tells_why)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_told(outlet: Outlet, place: Place, world: World, status: int) -> None:
    place.answers = [Answer(status, headers={"Retry-After": "7"})]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after == 7


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", "Mon, 99 Foo"])
async def test_a_senseless_retry_after_is_not_obeyed(outlet: Outlet, place: Place, nonsense: str) -> None:
    place.answers = [Answer(429, headers={"Retry-After": nonsense})]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater)
    assert outcome.after in (None, 0)


@pytest.mark.parametrize("how", ["hang", "cut"])
async def test_no_answer_is_to_be_tried_again(impatient: Outlet, place: Place, how: str) -> None:
    place.usual = Answer(how=how)
    assert isinstance(await impatient.send(MESSAGE), RetryLater)


async def test_a_slow_answer_is_waited_for(outlet: Outlet, place: Place, world: World) -> None:
    place.answers = [Answer(body=world.fine, how="slow")]
    assert await outlet.send(MESSAGE) == Delivered()


async def test_nobody_there_is_to_be_tried_again(world: World, tools: Tools) -> None:
    with socket.socket() as taken:  # bound, but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        outcome = await outlet_of(world, f"http://127.0.0.1:{taken.getsockname()[1]}", tools).send(MESSAGE)
    assert isinstance(outcome, RetryLater)


@those(lambda world: world.by_http and world.tells_why)
async def test_an_endless_answer_is_not_read_to_its_end(outlet: Outlet, place: Place, world: World) -> None:
    place.answers = [Answer(how="endless")]
    outcome = await outlet.send(MESSAGE)
    assert isinstance(outcome, RetryLater if world.needs_body else Delivered)


@those(lambda world: world.by_http and world.tells_why)
async def test_a_yes_whose_body_breaks_off_is_not_told_again(outlet: Outlet, place: Place, world: World) -> None:
    """The status has been said; where the body says whether it worked, it has to be there."""
    place.answers = [Answer(200, body="<", how="broken")]
    assert isinstance(await outlet.send(MESSAGE), RetryLater if world.needs_body else Delivered)
    place.answers = [Answer(404, body="<", how="broken")]
    assert isinstance(await outlet.send(MESSAGE), Refused)


@those(lambda world: world.needs_body)
@pytest.mark.parametrize("body", ["<html>welcome to the hotel</html>", "", "[]", '{"ok":"yes"}', "\xff"])
async def test_a_yes_that_is_not_the_networks_is_none(outlet: Outlet, place: Place, world: World, body: str) -> None:
    place.answers = [Answer(body=body)]
    assert isinstance(await outlet.send(MESSAGE), RetryLater)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413])
async def test_a_lasting_failure_is_refused(outlet: Outlet, place: Place, world: World, status: int) -> None:
    """A redirect is not followed: what is signed or bears a token goes only where it was meant to."""
    headers = {"Location": f"{place.url}/elsewhere"}
    place.answers = [Answer(status, headers=headers, body="you may not")]
    outcome = await outlet.send(MESSAGE)
    assert len(place.seen) == 1
    if not world.tells_why:
        assert isinstance(outcome, RetryLater)
        return
    assert isinstance(outcome, Refused)
    assert "you may not" in outcome.reason


async def test_reasons_and_logs_hold_no_secret_and_no_control_characters(
    impatient: Outlet, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when the server says it back."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiohttp.access").disabled = True  # the destination's own
    told = f"\x1b[31mno\x00\u202e {SECRET} Bearer {SECRET}"
    for answer in (Answer(500, body=told), Answer(how="hang"), Answer(how="cut"), Answer(403, body=told)):
        place.usual = answer
        outcome = await impatient.send(MESSAGE)
        assert not isinstance(outcome, Delivered)
        assert SECRET not in outcome.reason
        assert outcome.reason.isprintable()
    assert SECRET not in caplog.text


@those(lambda world: world.draws)
async def test_hostile_words_stay_words(outlet: Outlet, place: Place, world: World) -> None:
    document = Document(
        HOSTILE, (Part(HOSTILE, (HOSTILE,), (Quote(HOSTILE, HOSTILE), Quote(HOSTILE, "javascript:x"))),)
    )
    plain = Document("a", (Part("b", ("c",), (Quote("d"), Quote("e"))),), "")
    for shown in (plain, document):
        assert await outlet.send(Message("k-1", shown)) == Delivered()
    expected, found = (world.shown(seen) for seen in place.seen)
    for mention in ("@room", "@everyone", "@here", "@channel", "@all", "<!", "<@", "<#", "://", "www.evil"):
        assert mention not in found.replace("\\", "")
    assert not set("\x00\x07\x1b\u202e\u2066\ufeff\u2060\u00ad\r") & set(found)
    assert found.count("\n") == expected.count("\n"), "nobody's words begin a line of their own"


@those(lambda world: world.draws)
@pytest.mark.parametrize("text", [LONG, "&<>\"'" * 2_500, "*_`~|\\" * 2_000, "\u0301" * 10_000, "ñ" * 10_000])
async def test_long_words_are_cut_between_characters_and_fit(
    outlet: Outlet, place: Place, world: World, text: str
) -> None:
    parts = tuple(Part(text, (text,) * 8, (Quote(text, "https://example.org/" + "a" * 400),) * 3) for _ in range(12))
    assert await outlet.send(Message("k-1", Document(text, parts, "https://example.org/more"))) == Delivered()
    seen = place.seen[0]
    assert world.size(seen) <= world.most
    pieces = regex.findall(r"\X", world.shown(seen))
    if text == LONG:
        assert pieces.count(FAMILY) >= 20
        assert all("\u200d" not in piece for piece in pieces if piece != FAMILY), "no family is torn apart"
    assert any(piece.startswith("…") for piece in pieces), "it says that something is left out"


@those(lambda world: world.draws)
@pytest.mark.parametrize(("lang", "post", "more"), [("en", "post", "more"), ("es", "publicación", "más")])
async def test_links_are_named_in_the_language_of_the_message(
    outlet: Outlet, place: Place, world: World, lang: Lang, post: str, more: str
) -> None:
    await outlet.send(message(lang=lang))
    raw = world.raw(place.seen[0])
    if world.named_links:
        assert post in raw
        assert more in raw
    assert "https://example.org/1?a=b" in html.unescape(raw)
    assert "https://tertulia.example/alerts/f00d" in raw


async def test_an_answer_goes_to_the_room_that_asked(outlet: Outlet, place: Place, world: World) -> None:
    if world.rooms is None:
        assert isinstance(await outlet.send(MESSAGE, "elsewhere"), Refused)
        assert not place.seen
        return
    to, named = world.rooms
    assert await outlet.send(MESSAGE, to) == Delivered()
    seen = place.seen[0]
    assert named in seen.path or named in seen.body.decode()
    assert to.partition("/")[2] in (seen.path + seen.body.decode())


async def test_a_picture_is_sent_where_the_chat_can_show_it(outlet: Outlet, place: Place, world: World) -> None:
    assert await outlet.send(message(picture=Picture(PNG, "Chart: posts of Acme"))) == Delivered()
    coded = base64.b64encode(PNG)
    found = any(PNG in seen.body or coded in seen.body.replace(b"\r\n", b"") for seen in place.seen)
    assert found == world.pictures


def test_options_are_described_and_keep_their_secrets(world: World) -> None:
    options_type = OUTLETS[world.outlet].options_type
    assert all(field.description for field in options_type.model_fields.values())
    options = options_type.model_validate(world.options("http://127.0.0.1:1"))
    assert SECRET not in repr(options)
    assert SECRET not in str(options.model_dump(mode="json"))
    assert any(isinstance(value, SecretStr) for value in options.model_dump().values())


def test_options_survive_the_way_through_the_loader(world: World) -> None:
    """The loader checks them and hands on plain mappings."""
    given = world.options("http://127.0.0.1:1")
    checked = OUTLETS[world.outlet].options_type.model_validate(given)
    assert configured({world.outlet: checked.model_dump()}) == {world.outlet: checked}
    assert configured({"team": given | {"kind": world.outlet}}) == {"team": checked}


@pytest.mark.parametrize("wrong", [{"colour": "red"}, {"tries": 0}, {"timeout": "fast"}, {"timeout": "0s"}])
def test_wrong_options_are_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OUTLETS[world.outlet].options_type.model_validate(world.options("http://127.0.0.1:1") | wrong)
