"""`why`, `ack` and `silence`, asked of a real service on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands import Answer, ask
from bots.commands.grammar import NotUnderstood, parse
from bots.commands.silence_words import Wish, understand
from bots.commands.silencing import matchers
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import Alert, Driver
from tests.streams.api.silencing import Silencing
from tests.streams.api.stub import NOW, StubDesk, make_config

SPIKE = Alert(
    "a1b2c3d4e5f60718",
    "volume-spike",
    "fairphone",
    "firing",
    NOW - timedelta(minutes=5),
    NOW,
    title="Fairphone: 84 posts in 5m, usually about 12",
    value=84,
    baseline=12,
    interval=(4, 21),
    p_value=1e-6,
    q_value=0.004,
    window="5m",
    evidence=({"id": "demo:1", "url": "https://example.org/1", "text": "It burns\x1b[31m"},),
    authors=(Driver("@ana", 40, 0.476),),
)
TROUBLE = Alert(
    "b1b2c3d4e5f60718",
    "source-trouble",
    "",
    "firing",
    NOW,
    NOW,
    title="bluesky is silent for 15m",
    value=900,
    baseline=0,
    source="bluesky",
)
OVER = Alert(
    "c1b2c3d4e5f60718",
    "volume-spike",
    "shiftphone",
    "resolved",
    NOW - timedelta(days=1),
    NOW - timedelta(hours=20),
    title="shiftphone: back to at most 14 posts",
    value=14,
    baseline=12,
    ended_at=NOW - timedelta(hours=20),
)


class Service:
    """A running API, what stands behind its silences, and a way to ask it."""

    def __init__(self, folder: Path) -> None:
        self.alerts = [SPIKE, TROUBLE, OVER]
        self.behind = Silencing(lambda: self.alerts, folder)
        config = make_config()
        self.server = ApiServer(
            StubDesk(config),
            config,
            Peers(alone, 4),
            list,
            lambda: self.alerts,
            silences=self.behind.routes(),
            now=lambda: NOW,
        )

    async def put(self, question: str, lang: str | None = None) -> Answer:
        """The answer; its data can be printed as JSON."""
        answer = await ask(question, self.server.url, lang=lang, by="ana@laptop")
        assert json.dumps(answer.data)
        return answer

    def audit(self) -> list[dict[str, Any]]:
        """What was written down."""
        path = self.behind.audit.path
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    found = Service(tmp_path)
    await found.server.start()
    yield found
    await found.server.stop()


@pytest.mark.parametrize("which", ["a1b2", "a1b2c3d4e5f60718", "fairphone", "Fairphone", "volume-spike", "volume-spik"])
async def test_why_says_what_is_behind_an_alert(service: Service, which: str) -> None:
    answer = await service.put(f"why {which}")
    assert answer.ok, answer.text
    assert answer.data["alert"]["fingerprint"] == SPIKE.fingerprint
    lines = answer.text.splitlines()
    assert lines[:3] == [SPIKE.title, "state: fires since 2026-11-23 11:55 UTC · warning", "now: 84 · 5m"]
    assert lines[3:5] == ["usually: 12", "rule: volume-spike · a1b2c3d4"]
    assert any("4 to 21" in line for line in lines), "the interval"
    assert any("1 in 1,000,000" in line for line in lines), "p"
    assert any("0.4 %" in line for line in lines), "q"
    assert any("@ana (40 posts, 48 %)" in line for line in lines), "who drives it"
    assert "“It burns[31m” https://example.org/1" in lines


async def test_why_in_spanish(service: Service) -> None:
    text = (await service.put("porque fairphone", lang="es")).text
    assert "estado: activa desde 2026-11-23 11:55 UTC" in text
    assert "lo habitual: 12" in text
    assert "de 4 a 21" in text


async def test_why_of_one_that_is_over(service: Service) -> None:
    text = (await service.put("why shiftphone")).text
    assert "state: from 2026-11-22 12:00 UTC to 2026-11-22 16:00 UTC" in text


async def test_why_alone_needs_exactly_one_that_fires(service: Service) -> None:
    both = await service.put("why")
    assert not both.ok
    assert both.text.startswith("which one? There are: a1b2c3d4 Fairphone: 84 posts")
    assert "b1b2c3d4 bluesky is silent" in both.text
    assert "shiftphone" not in both.text, "it is over"
    service.alerts = [SPIKE, OVER]
    assert (await service.put("why")).data["alert"]["fingerprint"] == SPIKE.fingerprint
    service.alerts = [OVER]
    none = await service.put("why")
    assert none.text.startswith("no alert fires now. There is: c1b2c3d4")
    service.alerts = []
    assert (await service.put("why")).text == "no alert fires, and none did in the last days"


async def test_why_of_none_names_those_there_are(service: Service) -> None:
    answer = await service.put("why nokia")
    assert not answer.ok
    assert answer.text.startswith("there is no alert 'nokia'. There are: a1b2c3d4 ")


async def test_ack_is_by_somebody_and_shown(service: Service) -> None:
    answer = await service.put("ack fairphone because we are on it")
    assert answer.ok, answer.text
    assert answer.text.splitlines()[0] == f"Not told any more: {SPIKE.title}"
    assert "acknowledged · by ana@laptop · until it is over · we are on it" in answer.text
    (made,) = service.behind.published
    assert (made.fingerprint, made.started_at, made.ends_at) == (SPIKE.fingerprint, SPIKE.started_at, None)
    assert "acknowledged: by ana@laptop · until it is over · we are on it" in (await service.put("why fairphone")).text
    (line,) = service.audit()
    assert (line["order"], line["by"], line["about"]) == ("ack", "ana@laptop", SPIKE.fingerprint)
    assert "on it" not in json.dumps(line), "what people write is not in the audit"


async def test_an_ack_whose_alert_is_over_is_listed_as_over(service: Service) -> None:
    await service.put("ack fairphone")
    assert "until it is over" in (await service.put("silence list")).text
    service.alerts = [OVER]
    assert "ended with its alert" in (await service.put("silence list")).text
    assert "terminó con su alerta" in (await service.put("silencio lista", lang="es")).text


async def test_ack_of_one_that_is_over(service: Service) -> None:
    service.alerts = [OVER]
    answer = await service.put("ack shiftphone")
    assert answer.text == "no alert fires now: there is nothing to acknowledge"
    assert not service.audit()


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("fairphone", ('brand="fairphone"',)),
        ("Fairphone warning", ('brand="fairphone"', 'severity="warning"')),
        ("volume-spike", ('alertname="volume-spike"',)),
        ("bluesky", ('source="bluesky"',)),
        ("b1b2", ('alertname="source-trouble"', 'source="bluesky"')),
        ("brand=~fair.* fairphone", ('brand=~"fair.*"', 'brand="fairphone"')),
        ('severity!="critical" number=posts', ('severity!="critical"', 'number="posts"')),
        ("fairphon", ('brand="fairphone"',)),
    ],
)
async def test_silence_of(service: Service, what: str, expected: tuple[str, ...]) -> None:
    answer = await service.put(f"silence {what} 3h")
    assert answer.ok, answer.text
    (made,) = service.behind.published
    assert made.matchers == expected
    assert (made.starts_at, made.ends_at) == (NOW, NOW + timedelta(hours=3))
    assert ("->" in answer.text) is (what == "fairphon")


async def test_a_silence_is_listed_shown_and_ended(service: Service) -> None:
    assert (await service.put("silence list")).text == "Nothing is silenced."
    made = await service.put("silence fairphone for 45m because launch day")
    name = made.data["id"]
    assert made.text.splitlines() == [
        'Not told any more: brand="fairphone"',
        f'{name}: brand="fairphone" · by ana@laptop · until 2026-11-23 12:45 UTC · launch day',
    ]
    assert f"{name}: " in (await service.put("silencios")).text
    assert "silenced: by ana@laptop · until 2026-11-23 12:45 UTC · launch day" in (await service.put("why a1b2")).text
    ended = await service.put(f"silence end {name[:5]}")
    assert ended.text.startswith('Ended: brand="fairphone"')
    assert ended.data["state"] == "expired"
    assert "silenced" not in (await service.put("why a1b2")).text
    assert [line["order"] for line in service.audit()] == ["silence", "unsilence"]
    assert {line["by"] for line in service.audit()} == {"ana@laptop"}


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("silence 2h", "which alerts?"),
        ("silence nokia 2h", "'nokia' is no brand (fairphone, shiftphone, tertulia), and no rule or id"),
        ("silence fairphone 2h 3h", "more than one length"),
        ("silence fairphone for 2 hours", "'2' is no length, such as 90m, 2h or 1d"),
        ("silence fairphone por", "'' is no length"),
        ("silence fairphone shiftphone 2h", 'for any of them write brand=~"fairphone|shiftphone"'),
        ("silense fairphone 2h", "If 'silence' is meant, please write it out"),
        ("back fairphone", "If 'ack' is meant, please write it out"),
        ("silence fairphone until tomorrow", "'tomorrow' is no time"),
        ("silence fairphone until 2026-11-24T09:00", "has no time zone"),
        ("silence fairphone until 2026-11-20T09:00Z", "would end before it begins"),
        ("silence brnd=x 2h", "there is no label 'brnd'"),
        ("silence brand=~.* 2h", "At least one matcher has to choose"),
        ("silence brand=~( 2h", "is no regular expression"),
        ("silence fairphone 9999d", "lasts 366d at most"),
        ("silence end zzzz", "there is no one silence 'zzzz'"),
        ("silence end", "which silence ends?"),
    ],
)
async def test_what_cannot_be_silenced_is_explained(service: Service, question: str, part: str) -> None:
    answer = await service.put(question)
    assert not answer.ok
    assert part in answer.text
    assert not service.behind.published and not service.audit()


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        (None, Wish(listing=True)),
        ("lista", Wish(listing=True)),
        ("fin a1", Wish(end="a1")),
        ("fairphone", Wish(("fairphone",), "2h")),
        ("fairphone durante 90m porque sí", Wish(("fairphone",), "90m", comment="sí")),
        ("a b=c FOR 1D", Wish(("a", "b=c"), "1d")),
        ("fairphone because for 2h until 3h", Wish(("fairphone",), "2h", comment="for 2h until 3h")),
    ],
)
def test_words_of_a_silence(text: str | None, wish: Wish) -> None:
    assert understand(text) == wish


def test_until_takes_any_zone() -> None:
    wish = understand("fairphone hasta 2026-11-28T09:00+01:00")
    assert wish.until is not None
    assert wish.until.isoformat() == "2026-11-28T09:00:00+01:00"
    assert not wish.length
    with pytest.raises(NotUnderstood):
        understand("fairphone 2h until 2026-11-28T09:00Z")


def test_a_title_of_two_words_is_one_brand() -> None:
    brands = [{"name": "fairphone", "title": "Fair Phone"}]
    assert matchers(["Fair", "Phone"], [], brands, []) == ['brand="fairphone"']


def test_free_words_are_left_as_they_are() -> None:
    assert parse("silence fairphone 2h because 3d of launch").subject == "fairphone 2h because 3d of launch"
    assert parse("silencia").subject is None


@given(st.text(max_size=120))
def test_any_words_are_a_silence_or_explained(words: str) -> None:
    for text in (words, f"fairphone {words}", f"fairphone until {words}", f"end {words}"):
        try:
            wish = understand(text)
        except NotUnderstood as error:
            assert str(error)
        else:
            assert wish.listing or wish.end or (wish.what and bool(wish.length) is (wish.until is None))
