"""A waiting message as it reads at the moment of its attempt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bots.chat.bare import bare
from bots.chat.base import Message, OutletOptions, Refused, RetryLater
from bots.chat.document import Picture
from bots.chat.drawing_charts import Drawing
from bots.chat.groups import Destination
from bots.chat.options import PictureOptions
from bots.chat.outbox import Content, Digested, Told, Waiting
from bots.chat.rendering import Renderer
from bots.commands.client import ApiClient
from config.language import Lang
from streams.records import Alert
from tests.bots.chat.destination import NOW, alert

PICTURE = Picture(b"png", "a chart")


def waiting(content: Content) -> Waiting:
    return Waiting(1, Destination("o1"), "k1", content, 0, NOW)


def told(lang: Lang = "en") -> Waiting:
    return waiting(Told((("brand", "acme"),), lang, (bare(alert()),), ()))


def renderer(
    newest: Alert | None, options: OutletOptions | None = None, draw: Any = None, dashboard: str = ""
) -> Renderer:
    async def no_picture(_alert: Alert, _lang: Lang) -> Picture | None:
        raise AssertionError("nobody asked for one")

    async def digest(_waiting: Waiting) -> RetryLater:
        return RetryLater("not yet")

    known = {} if newest is None else {newest.fingerprint: newest}
    return Renderer(known.get, str.title, {"o1": options or OutletOptions()}, draw or no_picture, digest, dashboard)


async def rendered(given: Renderer, message: Waiting, lost: int = 0) -> Message:
    found = await given(message, lost)
    assert isinstance(found, Message)
    return found


async def test_quotes_are_those_that_still_stand() -> None:
    there = await rendered(renderer(alert()), told())
    gone = await rendered(renderer(msgspec.structs.replace(alert(), evidence=())), told())
    assert there.document.parts[0].quotes[0].text == "It does not charge"
    assert gone.document.parts[0].quotes == ()
    assert (gone.key, there.key) == ("k1", "k1"), "the same message all the same"
    assert there.alerts == (alert(),), "programs get what people get"


async def test_without_the_alert_in_the_topic_its_figures_are_told() -> None:
    found = await rendered(renderer(None), told())
    assert found.document.title == "🔺 Acme: 84 posts in 5m, usually about 12"


async def test_lost_messages_and_languages() -> None:
    found = await rendered(renderer(alert()), told("es"), lost=2)
    assert found.document.title == "🔺 Acme: 84 publicaciones en 5m, lo habitual son unas 12"
    assert found.document.parts[0].lines == ("No se pudieron entregar 2 mensajes anteriores a este.",)
    assert found.lang == "es"


async def test_pictures_only_where_they_are_wanted() -> None:
    asked: list[tuple[str, Lang]] = []

    async def draw(given: Alert, lang: Lang) -> Picture:
        asked.append((given.fingerprint, lang))
        return PICTURE

    options = PictureOptions.model_construct(pictures=True)  # unchecked: matplotlib need not be there
    assert (await rendered(renderer(alert(), options, draw), told())).picture is PICTURE
    over = waiting(Told((), "en", (), (bare(alert(state="resolved")),)))
    assert (await rendered(renderer(alert(), options, draw), over)).picture is None
    assert asked == [("f00d", "en")]


async def test_a_chart_that_cannot_be_drawn_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async with ApiClient("http://127.0.0.1:9") as nowhere:
        assert await Drawing(nowhere, str.title)(alert(), "en") is None
    assert "no chart for f00d" in caplog.text


async def test_a_digest_s_own_word_is_passed_on() -> None:
    assert isinstance(await renderer(None)(waiting(Digested("morning", NOW)), 0), RetryLater)


async def test_what_cannot_be_written_is_refused_and_does_not_stop_the_others() -> None:
    """A fault of ours, in an alert of a version to come: its dates do not compare, say."""
    poison = msgspec.structs.replace(alert(), evidence=(7,))
    assert isinstance(await renderer(poison)(told(), 0), Refused)


async def test_a_link_leads_to_the_dashboard_and_to_the_brand_if_it_is_one() -> None:
    assert (await rendered(renderer(alert()), told())).document.link == ""
    there = renderer(alert(), dashboard="https://tertulia.example.org/")
    assert (await rendered(there, told())).document.link == "https://tertulia.example.org/#brand=acme"
    other = msgspec.structs.replace(bare(alert("b")), brand="other")
    both = waiting(Told((), "en", (bare(alert()), other), ()))
    assert (await rendered(there, both)).document.link == "https://tertulia.example.org/"
