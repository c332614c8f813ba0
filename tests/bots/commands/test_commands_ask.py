"""The questions, asked of a real service on loopback."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from rich.console import Console

from bots.commands import Answer, ask
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import Alert, SourceGap, SourceStatus
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config

TO = "2026-11-23T12:00:00Z"
GAP = SourceGap(NOW - timedelta(hours=2), NOW - timedelta(hours=1), "the cursor was too old")
SOURCES = [
    SourceStatus("bluesky", "retrying", reason="refused\x1b[31m", gaps=(GAP,)),
    SourceStatus("demo", "live", last_event_at=NOW, events=1_234),
]
ALERT = Alert(
    "f", "volume-spike", "fairphone", "firing", NOW, NOW, title="Fairphone: far more than usual", value=9, baseline=1
)


@pytest.fixture
async def desk() -> StubDesk:
    entries = [*conversation("fairphone", 60), *(entry("shiftphone", n, platform="rss") for n in range(20))]
    return StubDesk(make_config(), entries)


@pytest.fixture
async def api(desk: StubDesk) -> AsyncIterator[str]:
    server = ApiServer(
        desk, make_config(token="secret"), Peers(alone, 4), lambda: SOURCES, lambda: [ALERT], now=lambda: NOW
    )
    await server.start()
    yield server.url
    await server.stop()


def drawn(answer: Answer) -> str:
    """What a terminal shows."""
    console = Console(file=io.StringIO(), width=140, force_terminal=False)
    console.print(answer.rich())
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


async def put(question: str, api: str) -> Answer:
    answer = await ask(question, api, "secret", to=TO)
    assert json.dumps(answer.data)
    return answer


async def test_pulse(api: str) -> None:
    answer = await put("pulse fairphone 12h", api)
    assert answer.ok
    assert answer.data["posts"] == 60
    for text in (answer.text, drawn(answer)):
        assert "Fairphone, 12h: 60 posts by 7 authors" in text
        assert "All of it is simulated, by the demo source." in text
        assert "30 positive, 15 neutral, 15 negative" in text
        assert "60 of 80" in text
    assert "net sentiment: +25 (" in answer.text
    assert "share of voice: 75 % (" in answer.text
    assert "people: too few to say" in answer.text  # with nothing older than the window all would look new


async def test_pulse_shows_who_stayed_and_who_left(api: str, desk: StubDesk) -> None:
    desk.add(entry("fairphone", 900, 13 * 60, author="demo:somebody-else"))
    answer = await put("pulse fairphone 12h", api)
    new, left = answer.data["renewal"]["newcomers"], answer.data["renewal"]["left"]
    assert (new, left) == (7, 1)
    assert "people: 7 new, 0 seen before" in answer.text
    assert "retention: too few to say · 0 of 1 stayed, 1 left" in answer.text


async def test_pulse_with_too_little_says_so(api: str) -> None:
    answer = await put("pulse fairphone 20m", api)
    assert answer.data["posts"] == 3
    assert "net sentiment: too few to say" in answer.text
    empty = await put("pulse tertulia", api)
    missed = "bluesky missed 2026-11-23T10:00:00Z to 2026-11-23T11:00:00Z for good: the cursor was too old"
    assert empty.text == f"tertulia, 24h: nobody has spoken.\n{missed}"


@pytest.mark.parametrize("typed", ["fairfone", "FAIRPHONE", "#fairphone", "Fairphon"])
async def test_a_misspelt_brand_is_forgiven_and_told(api: str, typed: str) -> None:
    answer = await put(f"pulse {typed}", api)
    assert answer.data["brand"] == "fairphone"
    assert ("->" in answer.text) is (typed.casefold().strip("#") != "fairphone")


async def test_a_brand_that_is_none_names_all(api: str) -> None:
    answer = await put("pulse nokia", api)
    assert not answer.ok
    assert answer.text == "there is no brand 'nokia'. Known: fairphone, shiftphone, tertulia."
    assert answer.data["detail"] == answer.text


async def test_which_brand(api: str) -> None:
    answer = await put("pulse 7d", api)
    assert not answer.ok
    assert "which one? pulse BRAND [WINDOW], with one of: fairphone, shiftphone, tertulia" in answer.text


async def test_a_window_the_service_refuses_is_explained_by_it(api: str) -> None:
    answer = await put("pulse fairphone 900d", api)
    assert not answer.ok
    assert answer.text.startswith("`window`: is longer than")
    assert answer.data["parameter"] == "window"


@pytest.mark.parametrize("question", ["voice phones", "voice shiftphone 24h", "voz PHONES"])
async def test_voice_by_group_or_brand(api: str, question: str) -> None:
    answer = await put(question, api)
    assert answer.data["group"] == "phones"
    assert [each["brand"] for each in answer.data["brands"]] == ["fairphone", "shiftphone"]
    lines = answer.text.splitlines()
    assert lines[0] == "Share of voice in phones, 24h"
    assert lines[1].startswith("Fairphone: 75 % (")
    assert "20 posts" in lines[2]


async def test_sources_with_their_gaps_and_no_escape_sequences(api: str) -> None:
    answer = await put("sources", api)
    assert "bluesky: retrying · nothing yet · 0 events · 1 gap · refused[31m" in answer.text
    assert "bluesky missed 2026-11-23T10:00:00Z to 2026-11-23T11:00:00Z: the cursor was too old" in answer.text
    assert "1,234 events" in drawn(answer)
    assert "\x1b" not in drawn(answer)


async def test_status(api: str, desk: StubDesk) -> None:
    answer = await put("status", api)
    assert answer.ok
    assert "service: ready" in answer.text
    assert "sources: 2; bluesky (retrying)" in answer.text
    assert "alerts: Fairphone: far more than usual" in answer.text
    desk.is_ready = False
    desk.held.discard("tertulia")
    answer = await put("status", api)
    assert not answer.ok
    assert "not ready" in answer.text
    assert "brands elsewhere: tertulia" in answer.text


async def test_help_needs_no_service() -> None:
    answer = await ask("help", "http://127.0.0.1:9")
    assert answer.ok
    assert "pulse BRAND [WINDOW]" in answer.text
    assert "pulse BRAND [WINDOW]" in drawn(answer)


async def test_no_service_names_the_address_and_the_command() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    answer = await ask("status", url)
    assert not answer.ok
    assert f"nothing answers at {url}" in answer.text
    assert "tertulia up" in answer.text


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "http://[", "http://127.0.0.1:99999", "ftp://x/"])
async def test_no_url(url: str) -> None:
    answer = await ask("status", url)
    assert not answer.ok
    assert answer.text


async def test_a_wrong_token_says_where_to_give_it(api: str) -> None:
    answer = await ask("pulse fairphone", api, "wrong")
    assert not answer.ok
    assert "TERTULIA_API__TOKEN" in answer.text


async def test_something_else_at_the_address() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<h1>It works!</h1>")

    app = web.Application()
    app.router.add_get("/{any:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answer = await ask("pulse fairphone", f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
    assert not answer.ok
    assert "is not Tertulia" in answer.text


async def test_a_misspelt_command_is_noted_and_nonsense_is_explained(api: str) -> None:
    assert "(puls -> pulse)" in (await put("puls fairphone", api)).text
    answer = await put("weather", api)
    assert not answer.ok
    assert answer.data["title"] == "not understood"
