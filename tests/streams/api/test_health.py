"""`/health` over a stub desk: the views' numbers, the group from wherever it is, and plain words in two languages."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest
from scipy.stats import percentileofscore
from statsmodels.stats.proportion import confint_proportions_2indep

from config.schema import Config
from streams.api import healths
from streams.api.circle_moves import circle_moves
from streams.api.circles import CircleRoom
from streams.api.health_answers import BrandHealth
from streams.api.health_sentences import summary
from streams.api.health_words import EN, ES, LANGUAGES, moved, number, written
from streams.api.later import AT_WORK
from streams.api.params import Span
from streams.api.peers import Peers
from streams.api.problems import unavailable
from streams.graph.answers import Circle, Circles, CircleSentiment, Crossing, GraphSize, LeftOutOfGraph, SmallCircles
from streams.graph.words import Word
from streams.records import Entry, SourceGap, SourceStatus
from streams.views.asked import Asked
from streams.views.components import COMPONENTS, figures
from streams.views.frame import Window
from streams.views.health import health
from streams.views.shares import share_of
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, entry, make_config
from tests.streams.api.test_peers import Group

DAY = 1_440
TO = "2026-11-23T12:00:00Z"
GROUP = ("fairphone", "shiftphone", "murena", "volla")


def config_of(**api: Any) -> Config:
    """Four phones in one group, and a brand by itself."""
    brands = [{"name": name, "terms": [name], "group": "phones"} for name in GROUP]
    given = {"brands": [*brands, {"name": "tertulia", "terms": ["tertulia"]}], "api": {"port": 0} | api}
    config = Config.model_validate(given)
    return config.model_copy(update={"kafka": config.kafka.model_copy(update={"brand_partitions": 64})})


def talk(brand: str, days: int, people: int = 12, seed: int = 1) -> list[Entry]:
    """Forty posts a day; five times the people on the last one."""
    dice, made = Random(seed), []
    for place in range(40 * days):
        day, root = place // 40, place - place % 10
        crowd = people if day else 5 * people
        before = {
            "reply_to": f"demo:{brand}-{root}",
            "thread": f"demo:{brand}-{root}",
            "reply_to_author": f"demo:a{dice.randrange(crowd)}",
        }
        given = before if place > root and place % 40 > 10 else {}
        by, minutes = f"demo:a{dice.randrange(crowd)}", day * DAY + DAY - 30 - place % 40
        made.append(entry(brand, place, minutes, author=by, url=f"https://example.org/{brand}/{place}", **given))
    return made


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """Stands for the circles, which are worked out in a process of their own: notes what is asked of it."""
    spans: list[Span] = []

    async def asked(_self: CircleRoom, _brand: str, span: Span) -> Circles:
        spans.append(span)
        return circles(a=400, b=300) if span.to == NOW else circles(a=200, b=305)

    monkeypatch.setattr(CircleRoom, "circles", asked)
    return spans


async def ask(http: aiohttp.ClientSession, url: str, brand: str = "fairphone", **query: str) -> BrandHealth:
    """The answer, strictly of the described form."""
    async with http.get(f"{url}/api/brands/{brand}/health", params=query) as response:
        assert response.status == 200, await response.text()
        return msgspec.json.decode(await response.read(), type=BrandHealth, strict=True)


@pytest.fixture
async def url(serve: Serve) -> str:
    config = config_of()
    entries = [each for seed, name in enumerate(GROUP) for each in talk(name, 20, 8 + 2 * seed, seed)]
    desk = StubDesk(config, [*entries, *talk("tertulia", 4)])
    gap = SourceGap(NOW - timedelta(hours=40), NOW - timedelta(hours=30), "the cursor was too old")
    return (await serve(desk, config, sources=[SourceStatus("bluesky", "live", gaps=(gap,))])).url


async def test_it_is_what_the_views_say(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = config_of()
    strangers = [entry("fairphone", 10_000 + n, 30 + n, author=f"demo:x{n}") for n in range(120)]
    desk = StubDesk(config, [*talk("fairphone", 20), *strangers])
    found = await ask(http, (await serve(desk, config)).url, to=TO)
    window, asked = Window.last(timedelta(days=1), NOW), Asked(config.views)
    expected = health(desk.frame("fairphone").snapshot(), window, asked)
    assert list(found.components) == [each.name for each in COMPONENTS]
    for name, each in expected.components.items():
        assert (found.components[name].now, found.components[name].change) == (each.now, each.change)
        assert found.components[name].history == each.history
    assert (found.windows, found.since, found.min_windows) == (expected.windows, expected.since, 8)
    people = found.components["people"]
    assert people.change is not None
    assert people.change.real
    assert "people" in found.moved
    assert found.moved == [n for n, each in found.components.items() if each.change and each.change.real]


async def test_there_is_no_figure_for_the_whole(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}/api/brands/fairphone/health") as response:
        body = await response.json()
    assert not {"score", "health", "index", "value"} & set(body)
    assert {name for name, value in body.items() if isinstance(value, int | float)} == {
        "windows",
        "min_windows",
        "tested",
    }


async def test_the_place_in_the_group(url: str, http: aiohttp.ClientSession) -> None:
    found = {name: await ask(http, url, name, to=TO) for name in GROUP}
    people = {name: each.components["people"].now.value for name, each in found.items()}
    for name, each in found.items():
        others = [value for other, value in people.items() if other != name]
        place = each.components["people"].group
        assert place.of == 3
        assert place.percentile == pytest.approx(percentileofscore(others, people[name], kind="mean"))
    assert found["fairphone"].missing == []


async def test_a_large_group_is_asked_whole(serve: Serve, http: aiohttp.ClientSession) -> None:
    """More brands than may be worked out at once."""
    names = [f"brand{number}" for number in range(3 * AT_WORK)]
    brands = [{"name": name, "terms": [name]} for name in names]
    config = Config.model_validate({"brands": brands, "api": {"port": 0}})
    desk = StubDesk(config, [each for name in names for each in talk(name, 2)])
    found = await ask(http, (await serve(desk, config)).url, names[0], to=TO)
    assert found.missing == []
    assert found.components["people"].group.of == len(names) - 1


async def test_what_is_beyond_all_the_past_says_how_much_past(url: str, http: aiohttp.ClientSession) -> None:
    found = await ask(http, url, to=TO)
    beyond = {name for name, each in found.components.items() if each.history.lower == each.history.of > 0}
    known = {name for name in beyond if not found.components[name].history.insufficient}
    (said,) = [each for each in found.summary.sentences if each.startswith("Higher than in all earlier windows")]
    assert known
    for name in known:
        assert f"{EN.names[name][0].lower()}{EN.names[name][1:]} ({found.components[name].history.of})" in said


async def test_alone_in_its_group_with_a_short_past(url: str, http: aiohttp.ClientSession) -> None:
    found = await ask(http, url, "tertulia")
    for each in found.components.values():
        assert (each.group.of, each.group.insufficient, each.group.percentile) == (0, True, None)
        assert each.history.insufficient
        assert each.history.of <= found.windows < found.min_windows


async def test_a_brand_nobody_speaks_of(serve: Serve, http: aiohttp.ClientSession) -> None:
    found = await ask(http, (await serve()).url, "fairphone")
    assert (found.moved, found.tested, found.windows, found.posts) == ([], 0, 0, [])
    assert found.summary.sentences == [EN.nothing_before]


async def test_two_workers_share_a_group(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = config_of(token="secret")
    headers = {"Authorization": "Bearer secret"}
    one = StubDesk(config, talk("fairphone", 3), held=["fairphone"])
    two = StubDesk(config, [each for name in GROUP[1:] for each in talk(name, 3)], held=GROUP[1:3])
    group = Group(config)
    servers = [await serve(desk, config, peers=Peers(group, 64)) for desk in (one, two)]
    for name in GROUP[:3]:
        group.assign(name, servers[name != "fairphone"].advertised)
    bodies = []
    for server in servers:
        async with http.get(f"{server.url}/api/brands/fairphone/health?to={TO}", headers=headers) as response:
            assert response.status == 200, await response.text()
            bodies.append(msgspec.json.decode(await response.read(), type=BrandHealth))
    assert bodies[0] == bodies[1]
    assert bodies[0].missing == ["volla"]  # nobody holds it
    place = bodies[0].components["people"].group
    assert place.of == 2
    assert place.equal == sum(
        figures(two.frame(name).rows(Window.last(timedelta(days=1), NOW)), Asked(config.views))["people"].value
        == bodies[0].components["people"].now.value
        for name in GROUP[1:3]
    )


async def test_posts_by_id_and_link_and_never_their_text(url: str, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{url}/api/brands/fairphone/health") as response:
        text = await response.text()
    found = msgspec.json.decode(text, type=BrandHealth)
    assert 1 <= len(found.posts) <= 3
    assert "about fairphone" not in text
    for post in found.posts:
        number = post.id.rpartition("-")[2]
        assert post.url == f"https://example.org/fairphone/{number}"
        assert any(post.url in sentence for sentence in found.summary.sentences)


async def test_gaps_of_the_window_before_are_told(url: str, http: aiohttp.ClientSession) -> None:
    found = await ask(http, url)
    assert [gap.source for gap in found.gaps] == ["bluesky"]
    assert EN.gaps in found.summary.sentences
    assert (await ask(http, url, window="1h")).gaps == []


async def test_both_languages_and_what_the_others_get(url: str, http: aiohttp.ClientSession) -> None:
    said = {lang: (await ask(http, url, to=TO, say=lang)).summary for lang in ("en", "es", "es-MX", "fr", "pt")}
    assert (said["en"].lang, said["en"].note) == ("en", None)
    assert (said["es"].lang, said["es"].note) == ("es", None)
    assert said["es-MX"] == said["es"]
    assert said["en"].sentences[0].startswith("The number of people rose from")
    assert said["es"].sentences[0].startswith("El número de personas subió de")
    assert said["fr"].sentences == said["pt"].sentences == said["en"].sentences
    assert said["fr"].note is not None
    assert "'fr'" in said["fr"].note
    assert len(said["en"].sentences) == len(said["es"].sentences)
    async with http.get(f"{url}/api/brands/fairphone/health", params={"say": "<b>"}) as response:
        assert response.status == 400


@pytest.mark.parametrize("parameter", ["platform", "lang"])  # the community is looked at as a whole
async def test_what_is_no_parameter_is_refused(url: str, http: aiohttp.ClientSession, parameter: str) -> None:
    async with http.get(f"{url}/api/brands/fairphone/health", params={parameter: "es"}) as response:
        assert response.status == 400


async def test_a_brand_that_moves_away_is_a_503(serve: Serve, http: aiohttp.ClientSession) -> None:
    class Leaving(StubDesk):
        """Says it holds the brand, and does not when its columns are asked for."""

        def _check(self, brand: str) -> None:
            raise KeyError(brand)

    server = await serve(Leaving(make_config()))
    for what in ("health", "health-figures"):
        async with http.get(f"{server.url}/api/brands/fairphone/{what}") as response:
            assert response.status == 503


# -- words -----------------------------------------------------------------------------------------------------------


def test_both_languages_name_every_component_and_fill_the_same_places() -> None:
    for words in LANGUAGES.values():
        assert set(words.names) == {each.name for each in COMPONENTS}
    for field in EN.__struct_fields__:
        one, two = getattr(EN, field), getattr(ES, field)
        if isinstance(one, str):
            assert sorted(re.findall(r"{(\w+)}", one)) == sorted(re.findall(r"{(\w+)}", two)), field


@pytest.mark.parametrize(
    ("value", "unit", "english", "spanish"),
    [
        (12_345, "people", "12,345", "12.345"),
        (2.5, "posts", "2.5", "2,5"),
        (0.625, "share", "62 %", "62 %"),
        (-0.05, "index", "−0.05", "−0,05"),
        (5_400, "seconds", "1.5 h", "1,5 h"),
    ],
)
def test_numbers_are_written_as_each_language_does(value: float, unit: Any, english: str, spanish: str) -> None:
    assert (written(value, unit, EN), written(value, unit, ES)) == (english, spanish)


def test_differences_have_a_sign_and_an_end_may_be_open() -> None:
    assert moved(0.123, "share", EN) == "+12 points"
    assert moved(-0.055, "share", ES) == "−5,5 puntos"
    assert moved(None, "seconds", EN) == "?"
    assert moved(-7_200, "seconds", ES) == "−2,0 h"
    assert number(1_234_567.5, 1, ES) == "1.234.567,5"


# -- circles ---------------------------------------------------------------------------------------------------------


def circles(total: int = 1_000, **posts: int) -> Circles:
    """Circles with so many posts each, of `total`."""
    nothing = Crossing(0, 0)
    made = [
        Circle(
            posts=count,
            authors=20,
            insufficient=False,
            name=name,
            size=20,
            share=share_of(count, total, total, 100, Asked()),
            languages={},
            platforms={},
            words=[Word(word=f"{name}-{n}", authors=9, score=9.0) for n in range(5)],
            sentiment=CircleSentiment(posts=0, authors=0, insufficient=True, negative=0, neutral=0, positive=0),
            voices=[],
            crossing=nothing,
        )
        for name, count in posts.items()
    ]
    left = LeftOutOfGraph(authors=0, edges=0, weight=0, own_interactions=0)
    size = GraphSize(
        half_life_s=1, interactions=9, authors=9, edges=9, components=1, largest=9, approximate=False, left_out=left
    )
    return Circles(
        posts=total,
        authors=100,
        insufficient=False,
        brand="b",
        start=NOW,
        to=NOW,
        as_of=NOW,
        graph=size,
        modularity=0.5,
        crossing=nothing,
        circles=made,
        others=SmallCircles(0, 0),
        brokers=[],
        spoken=0,
        texts=0,
    )


def test_circles_that_moved_and_no_others() -> None:
    now, before = circles(a=400, b=300, c=200, e=60), circles(a=200, b=305, d=90, e=150)
    found = circle_moves(now, before)
    assert [move.name for move in found] == ["a", "e"]  # of c and d nobody knows where they were
    assert found[0].difference == pytest.approx(0.2)
    low, high = confint_proportions_2indep(60, 1_000, 150, 1_000, method="newcomb", compare="diff")
    assert found[1].interval == pytest.approx((low, high), abs=1e-9)
    assert list(found[0].words) == ["a-0", "a-1", "a-2"]
    assert circle_moves(before, before) == []
    assert circle_moves(msgspec.structs.replace(now, insufficient=True), before) == []


async def test_circles_of_both_windows_are_asked_for_when_something_moved(
    url: str, http: aiohttp.ClientSession, room: list[Span]
) -> None:
    found = await ask(http, url, to=TO)
    assert found.moved
    assert [move.name for move in found.circles] == ["a"]
    assert found.circles_missing is None
    day = timedelta(days=1)
    assert [(span.start, span.to) for span in room] == [(NOW - day, NOW), (NOW - 2 * day, NOW - day)]
    room.clear()
    quiet = await ask(http, url, to="2026-11-13T12:00:00Z", window="1h")
    assert (quiet.moved, quiet.circles, quiet.circles_missing, room) == ([], [], None, [])


async def test_circles_that_take_too_long_are_told_and_not_waited_for(
    url: str, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any) -> Circles:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(CircleRoom, "circles", never)
    monkeypatch.setattr(healths, "CIRCLES_S", 0.01)
    found = await ask(http, url)
    assert found.moved
    assert found.circles == []
    assert found.circles_missing is not None

    async def not_now(*_: Any) -> Circles:
        raise unavailable("the graph could not be worked out: why")

    monkeypatch.setattr(CircleRoom, "circles", not_now)
    assert (await ask(http, url)).circles_missing == "the graph could not be worked out: why"


async def test_circles_are_named_by_their_words(url: str, http: aiohttp.ClientSession) -> None:
    found = await ask(http, url)
    move = circle_moves(circles(2_000, a=1_400), circles(a=200))
    told = summary(msgspec.structs.replace(found, circles=move), "es").sentences
    assert "Se movió el círculo en torno a a-0, a-1, a-2: 1.400 mensajes, 200 en la ventana anterior." in told
