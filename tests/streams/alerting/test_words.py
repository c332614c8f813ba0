"""What alerts of every kind say, in English and Spanish."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter

import msgspec
import pytest

from config.language import Lang
from streams.alerting.number_names import NUMBERS
from streams.alerting.phrases import FIRING, REASONS, RESOLVED
from streams.alerting.spelled import chance, spelled
from streams.alerting.words import reasons, title
from streams.records import Alert, Driver
from tests.streams.alerting.world import NOW

LANGS: tuple[Lang, Lang] = ("en", "es")
PLAIN = Alert("f", "rule", "acme", "firing", NOW, NOW, "an older title", 84, 12.4, window="5m", interval=(4, 21))


def alert(kind: str, value: float, baseline: float, number: str = "posts", **more: object) -> Alert:
    details = more.pop("details", {})
    made = msgspec.structs.replace(PLAIN, kind=kind, value=value, baseline=baseline, number=number, interval=None)
    return msgspec.structs.replace(made, details=details, **more)


EVERY_KIND = {
    "volume-spike": alert("volume-spike", 84, 12.4),
    "volume-drop": alert("volume-drop", 2, 40),
    "threshold": alert("threshold", 0.12, 0.2, "peer_share", details={"unit": "share", "direction": "down"}),
    "change": alert("change", 5400, 1200, "first_response", details={"unit": "seconds", "direction": "up"}),
    "sentiment-turn": alert("sentiment-turn", -0.35, 0.1, "sentiment", details={"unit": "net", "direction": "down"}),
    "voice-loss": alert("voice-loss", 0.12, 0.2, "share_of_voice", details={"unit": "share", "direction": "down"}),
    "crisis": alert(
        "crisis",
        14,
        1,
        "crisis",
        details={"unit": "times", "usual": 4.2, "negative": 60.0, "volume": 8.1, "reach": 1.4, "speed": 1.2}
        | {"low": 9.0, "high": 20.0},
    ),
    "new-voice": alert(
        "new-voice",
        34,
        0,
        "people",
        details={
            "unit": "people",
            "who": "ana",
            "place": 3.0,
            "people": 280.0,
            "share": 0.12,
            "low": 0.09,
            "high": 0.16,
        },
    ),
    "circle-split": alert(
        "circle-split",
        0.04,
        0.45,
        "circles",
        details={"unit": "share", "subject": "bcdf", "new": "ghjk", "left": 23.0, "stayed": 40.0, "ties": 120.0}
        | {"low": 0.02, "high": 0.09},
    ),
    "message-turn": alert(
        "message-turn",
        0.4,
        0.1,
        "sentiment",
        details={"unit": "net", "direction": "up", "about": "repair", "low": 0.3, "high": 0.5},
    ),
    "source-trouble": alert(
        "source-trouble",
        720,
        0,
        "sources",
        source="bluesky",
        details={"state": "silent", "length": "12m", "reason": "x"},
    ),
    "source-gap": alert(
        "source-gap", 7200, 0, "sources", source="bluesky", details={"length": "2h", "until": "2026-11-23 11:00"}
    ),
}

ENGLISH = {
    "volume-spike": "Acme: 84 posts in 5m, usually about 12",
    "volume-drop": "Acme: only 2 posts in 5m, usually about 40",
    "threshold": "Acme: peer share 12 % in 5m, below 20 %",
    "change": "Acme: time to the first reply up to 1.5 h in 5m, usually about 20 min",
    "sentiment-turn": "Acme: sentiment down to -0.35 in 5m, usually about +0.10",
    "voice-loss": "Acme: only 12 % of its group's voice in 5m, usually about 20 %",
    "crisis": "Acme: crisis, 14x the usual: 60 negative posts in 5m, usually about 4.2",
    "new-voice": "Acme: ana is new among those most people turn to: 34 people in 5m",
    "circle-split": "Acme: circle bcdf has split: 23 people now talk by themselves, as ghjk",
    "message-turn": "Acme: sentiment about repair up to +0.40 in 5m, usually about +0.10",
    "source-trouble": "bluesky is silent for 12m: x",
    "source-gap": "bluesky has a gap of 2h up to 2026-11-23 11:00 UTC",
}
SPANISH = {
    "volume-spike": "Acme: 84 publicaciones en 5m, lo habitual son unas 12",
    "sentiment-turn": "Acme: el sentimiento baja a -0,35 en 5m, lo habitual es +0,10",
    "change": "Acme: espera hasta la primera respuesta sube a 1,5 h en 5m, lo habitual es 20 min",
    "source-trouble": "bluesky: en silencio desde hace 12m: x",
}


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_title_in_both_languages(kind: str) -> None:
    assert title(EVERY_KIND[kind], "Acme") == ENGLISH[kind]
    spanish = title(EVERY_KIND[kind], "Acme", "es")
    assert spanish == SPANISH.get(kind, spanish) != ENGLISH[kind]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_resolved_and_reasons_have_no_blanks_left(kind: str, lang: Lang) -> None:
    over = msgspec.structs.replace(EVERY_KIND[kind], state="resolved", ended_at=NOW + timedelta(hours=1))
    said = title(over, "Acme", lang)
    assert said not in (ENGLISH[kind], "an older title", "")
    assert "{" not in " ".join((said, *reasons(EVERY_KIND[kind], lang)))
    for ending in ("unwatched", "untold", "forgotten"):
        other = msgspec.structs.replace(over, details={**over.details, ending: 1.0})
        assert title(other, "Acme", lang).startswith("Acme: ")


def test_both_languages_say_the_same_things() -> None:
    for phrases in (FIRING, RESOLVED, REASONS, NUMBERS):
        assert set(phrases["en"]) == set(phrases["es"])
        for key, english in phrases["en"].items():
            blanks = [{name for _, name, _, _ in Formatter().parse(text)} for text in (english, phrases["es"][key])]
            assert blanks[0] - {None} == blanks[1] - {None}, key


def test_the_reasons_tell_the_baseline_the_chance_and_who() -> None:
    told = msgspec.structs.replace(
        PLAIN,
        p_value=3.2e-6,
        q_value=0.004,
        authors=(Driver("ana", 12, 0.2, id="demo:ana"), Driver("bo", 6, 0.1, id="demo:bo")),
        circles=(Driver("bcdf", 24, 0.4, words=("repair", "battery")),),
    )
    assert reasons(told) == (
        "95 % of such windows bring 4 to 21.",
        "An ordinary window brings this with a probability of 1 in 310,000.",
        "Of alerts told at such a level at most 0.4 % are expected to be false.",
        "Most of it is from ana (12 posts, 20 %), bo (6 posts, 10 %).",
        "Circle bcdf (repair, battery): 40 % of the posts.",
    )
    assert reasons(told, "es")[1] == "Una ventana ordinaria trae esto con una probabilidad de 1 entre 310.000."


def test_what_somebody_wrote_is_taken_as_it_is() -> None:
    """A handle or a reason with braces is no template."""
    sly = EVERY_KIND["new-voice"]
    sly = msgspec.structs.replace(sly, details={**sly.details, "who": "{brand}{0}"})
    assert title(sly, "A{x}me").startswith("A{x}me: {brand}{0} is new")


def test_an_alert_of_a_kind_from_another_version_keeps_its_title() -> None:
    assert title(alert("something-else", 1, 2), "Acme", "es") == "an older title"


@pytest.mark.parametrize(
    ("value", "unit", "english", "spanish"),
    [
        (0.034, "share", "3.4 %", "3,4 %"),
        (0.34, "share", "34 %", "34 %"),
        (-0.2, "net", "-0.20", "-0,20"),
        (14.4, "times", "14x", "14x"),
        (1.44, "times", "1.4x", "1,4x"),
        (45, "seconds", "45 s", "45 s"),
        (5_000, "seconds", "83 min", "83 min"),
        (12_600, "seconds", "3.5 h", "3,5 h"),
        (12, "posts", "12", "12"),
    ],
)
def test_figures(value: float, unit: str, english: str, spanish: str) -> None:
    assert (spelled(value, unit), spelled(value, unit, "es")) == (english, spanish)


def test_chances() -> None:
    assert [chance(p) for p in (0.5, 0.012, 0.0005, 1e-4, 1e-30)] == [
        "50 %",
        "1.2 %",
        "1 in 2,000",
        "1 in 10,000",
        "less than 1 in a billion",
    ]
