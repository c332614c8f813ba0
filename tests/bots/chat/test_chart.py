"""The chart: what is asked of the API, what is drawn, what it says to those who cannot see it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
import pytest
from PIL import Image

from bots.chat.chart import chart
from bots.chat.chart_png import BAND, INK, MARK, Plot, drawn
from bots.chat.document import Picture
from bots.commands.client import ApiClient, AskFailed
from config.language import Lang
from streams.records import Alert
from streams.views.series import Point, Series
from tests.bots.chat.destination import NOW, Answer, Seen, alert, destination

STEP = timedelta(minutes=5)
START = NOW - 144 * STEP


def series(**more: Any) -> str:
    """Half a day of ten posts in each step, and 84 in the last."""
    points = [Point(START + number * STEP, 10, 4, 1, 2, 3, 0.25) for number in range(143)]
    points.append(msgspec.structs.replace(Point(NOW - STEP, 84, 40, 50, 10, 5, None), **more))
    return msgspec.json.encode(Series(START, NOW, STEP.total_seconds(), points)).decode()


async def asked(told: Alert, body: str, lang: Lang = "en", status: int = 200) -> tuple[Picture | None, list[Seen]]:
    async with destination() as place:
        place.usual = Answer(status, body=body)
        async with ApiClient(place.url, "t0ken") as client:
            return await chart(client, told, "Acme & Söhne", lang), place.seen


async def test_the_api_is_asked_for_steps_of_the_alerts_own_window() -> None:
    picture, (seen,) = await asked(alert(), series())
    assert picture is not None
    address = urlsplit(seen.path)
    assert address.path == "/api/brands/acme/series"
    found = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (found["window"], found["step"]) == ("43200s", "300s")
    assert datetime.fromisoformat(found["to"]) == NOW


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Chart: posts of Acme & Söhne per 5m until 2026-11-23 12:00 UTC. Highest 84, lowest 10, at the end 84."),
        (
            "es",
            "Gráfico: publicaciones de Acme & Söhne por 5m hasta 2026-11-23 12:00 UTC. "
            "Máximo 84, mínimo 10, al final 84.",
        ),
    ],
)
async def test_it_says_what_it_shows(lang: Lang, words: str) -> None:
    picture, _ = await asked(alert(), series(), lang)
    assert picture is not None
    assert picture.alt == words
    assert Image.open(io.BytesIO(picture.png)).size == (800, 400)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            "sentiment",
            "sentiment of Acme & Söhne per 5m until 2026-11-23 12:00 UTC. "
            "Highest +0.25, lowest +0.25, at the end +0.25",
        ),
        ("crisis", "negative posts"),
        ("authors", "Highest 40"),
    ],
)
async def test_other_numbers_are_read_from_their_own_field(number: str, words: str) -> None:
    picture, _ = await asked(msgspec.structs.replace(alert(), number=number), series())
    assert picture is not None
    assert words in picture.alt


@pytest.mark.parametrize("change", [{"number": "reciprocity"}, {"number": "sources"}, {"window": ""}])
async def test_what_has_no_series_has_no_chart(change: dict[str, str]) -> None:
    assert await asked(msgspec.structs.replace(alert(), **change), series()) == (None, [])


@pytest.mark.parametrize(("body", "status"), [("{}", 200), ("<html>", 200), ('{"detail":"no such brand"}', 404)])
async def test_an_answer_that_is_no_series_is_an_error(body: str, status: int) -> None:
    with pytest.raises(AskFailed):
        await asked(alert(), body, status=status)


async def test_a_long_window_asks_for_no_more_than_there_can_be() -> None:
    _, (seen,) = await asked(msgspec.structs.replace(alert(), window="7d"), series())
    assert parse_qs(urlsplit(seen.path).query)["window"] == [f"{12 * 7 * 86_400}s"]


def plot(**more: Any) -> Plot:
    given: dict[str, Any] = {
        "title": "Acme: posts / 5m",
        "times": [START + number * STEP for number in range(144)],
        "values": [10.0] * 143 + [84.0],
        "step": STEP,
        "usual": (4.0, 24.0),
        "usual_label": "usual",
        "marked": (NOW - 3 * STEP, NOW),
        "marked_label": "alert",
        "bars": True,
    }
    return Plot(**{**given, **more})


def _share(png: bytes, colour: str, alpha: float = 1.0) -> float:
    """Of the pixels, those in this colour as it looks on white."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    wanted = [round(255 + alpha * (int(colour[at : at + 2], 16) - 255)) for at in (1, 3, 5)]
    pixels = np.asarray(picture, dtype=int)
    return float(np.mean(np.all(np.abs(pixels - wanted) <= 3, axis=2)))


def test_bars_band_and_mark_are_seen_and_go_when_there_are_none() -> None:
    png = drawn(plot())
    assert _share(png, INK) > 0.05
    assert _share(png, BAND, 0.25) > 0.05
    assert _share(png, MARK, 0.3) > 0.005
    assert _share(drawn(plot(usual=None)), BAND, 0.25) < 0.001
    assert _share(drawn(plot(values=[0.0] * 144)), INK) < 0.005


def test_twice_the_posts_are_twice_as_high() -> None:
    """Both fixed to one scale by the highest value; an oracle for what the bars stand for."""
    low, high = (drawn(plot(values=[value] * 143 + [84.0], usual=None)) for value in (20.0, 40.0))
    assert _share(high, INK) / _share(low, INK) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("values", [[None] * 143 + [0.25], [-50.0] * 144, [0.0] * 144, [1e9] * 144])
def test_odd_values_are_drawn(values: list[float | None]) -> None:
    for bars in (True, False):
        assert Image.open(io.BytesIO(drawn(plot(values=values, bars=bars)))).size == (800, 400)


@pytest.mark.parametrize("title", ["$x^{", "a\nb" * 40, "東京 👩‍👩‍👧‍👦 مرحبا", "<b>&amp;\\alpha"])
def test_a_title_is_no_formula(title: str) -> None:
    assert drawn(plot(title=title))
