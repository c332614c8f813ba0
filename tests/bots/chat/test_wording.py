"""What a message says of alerts, in both languages."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from bots.chat.bare import bare, dressed
from bots.chat.document import Document, Part, Quote
from bots.chat.text import as_plain
from bots.chat.wording import of_alerts, with_lost
from config.language import Lang
from streams.records import Alert, Driver
from tests.bots.chat.destination import NOW, alert

HOUR = timedelta(hours=1)
BRAND = (("brand", "acme"),)


def display(brand: str) -> str:
    return {"acme": "Acme"}.get(brand, brand)


def text(document: Document) -> str:
    parts = [line for part in document.parts for line in (part.title, *part.lines, *(q.text for q in part.quotes))]
    return "\n".join([document.title, *parts])


def test_one_alert_is_the_message() -> None:
    found = of_alerts([alert()], [], BRAND, display, "en", 10)
    assert found.title == "🔺 Acme: 84 posts in 5m, usually about 12"
    (part,) = found.parts
    assert part.quotes == (Quote("It does not charge", "https://example.org/1"),)
    assert part.lines[-1] == "since 2026-11-23 12:00 UTC"
    assert part.title == ""


def test_one_that_is_over_says_from_when_to_when_and_quotes_nobody() -> None:
    over = alert(state="resolved", at=NOW + HOUR)
    found = of_alerts([], [over], BRAND, display, "es", 10)
    assert found.title.startswith("✅ Acme: ")
    assert found.parts[0].lines == ("de 2026-11-23 12:00 UTC a 2026-11-23 13:20 UTC",)
    assert found.parts[0].quotes == ()


@pytest.mark.parametrize(
    ("lang", "title", "more"),
    [("en", "🔺 Acme: 3 alerts, 1 over", "… and 2 more"), ("es", "🔺 Acme: 3 alertas, 1 terminada", "… y 2 más")],
)
def test_several_are_counted_and_only_so_many_shown_firing_first(lang: Lang, title: str, more: str) -> None:
    firing = [alert(name) for name in ("a", "b", "c")]
    found = of_alerts(firing, [alert("d", "resolved")], BRAND, display, lang, 2)
    assert found.title == title
    assert [part.title[:1] for part in found.parts] == ["🔺", "🔺", ""]
    assert found.parts[-1].lines == (more,)


def test_a_group_of_all_brands_has_a_title_without_one() -> None:
    assert of_alerts([alert("a"), alert("b")], [], (), display, "en", 10).title == "🔺 2 alerts"
    assert of_alerts([], [alert("a", "resolved")] * 2, (), display, "en", 10).title == "✅ 2 over"


def test_lost_messages_are_said_first_for_the_end_may_not_fit() -> None:
    document = Document("title", (Part("part"),), "https://example.org")
    assert with_lost(document, 0, "en") is document
    assert with_lost(document, 1, "en").parts[0].lines == ("1 message before this one could not be delivered.",)
    assert "3 mensajes" in with_lost(document, 3, "es").parts[0].lines[0]
    long = Document("title", (Part("", ("x" * 400,) * 100),))
    assert "3 messages before" in as_plain(with_lost(long, 3, "en"), 1_000)
    assert with_lost(document, 3, "es").link == document.link


def named(state: str = "firing", **more: object) -> Alert:
    """An alert that names people and quotes them everywhere it can."""
    found = msgspec.structs.replace(
        alert(state=state),
        kind="new-voice",
        title="Acme: ANA is new",
        authors=(Driver("ANA", 3, 0.5, "demo:1"),),
        circles=(Driver("ANA's", 3, 0.5, words=("WORDS",)),),
        details={"who": "ANA", "low": 0.1, "high": 0.3, "direction": "up", "reason": "ANA said"},
    )
    return msgspec.structs.replace(found, **more)


def test_bare_alerts_hold_nobody_s_words_or_names_and_can_still_be_told() -> None:
    stored = msgspec.json.encode(bare(named()))
    for words in (b"ANA", b"WORDS", b"It does not charge"):
        assert words not in stored
    for lang in ("en", "es"):
        assert of_alerts([bare(named())], [], BRAND, display, lang, 10).title.startswith("🔺 Acme: ?")


def test_every_kind_can_be_told_bare() -> None:
    for kind in ("circle-split", "message-turn", "crisis", "threshold", "source-trouble", "source-gap", "new-kind"):
        for state in ("firing", "resolved"):
            details: dict[str, str | float] = {"subject": "x", "old": "y", "about": "z", "left": 3.0, "negative": 2.0}
            details |= {"state": "failing", "length": "10m", "until": "2026-11-23 12:00", "direction": "down"}
            given = bare(named(state, kind=kind, details=details))
            assert "Acme" in text(of_alerts([given], [], BRAND, display, "es", 10)) or given.kind.startswith("source")


def test_what_waits_is_dressed_in_the_newest_words_but_tells_its_own_figures() -> None:
    kept = bare(named(value=84))
    newest = named(evidence=(), value=99, at=NOW + HOUR, details={"who": "someone else", "low": 0.2})
    found = dressed(kept, newest)
    assert (found.value, found.at, found.evidence) == (84, kept.at, ())
    assert found.details["who"] == "someone else"
    assert found.details["low"] == 0.1


def test_what_is_over_by_now_is_still_told_as_it_was() -> None:
    found = dressed(bare(named()), named("resolved", at=NOW + HOUR))
    assert (found.state, found.ended_at) == ("firing", None)


def test_an_alert_that_has_begun_anew_lends_no_words() -> None:
    assert dressed(bare(named()), named(started_at=NOW + HOUR)).evidence == ()
    assert dressed(bare(named()), None) == bare(named())
