"""Alerts as text: hostile words, cuts between characters as readers see them, addresses."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.base import Message
from bots.chat.text import as_html, as_plain, clean, tame, web_url
from streams.alerting.words import cut
from tests.bots.chat.destination import alert

FAMILY = "👩‍👩‍👧‍👦"


PIECES = ("a", "é", "e\u0301", "ñ", FAMILY, "🇪🇸", "👍🏽", "क्षि", "\u200d")


@given(text=st.lists(st.sampled_from(PIECES)).map("".join), most=st.integers(1, 40))
def test_cut_keeps_what_readers_see_as_one_character_whole(text: str, most: int) -> None:
    shorter = cut(text, most)
    assert len(shorter) <= most
    if shorter != text:
        whole, kept = regex.findall(r"\X", text), regex.findall(r"\X", shorter.removesuffix("…"))
        assert kept == whole[: len(kept)]


def test_cut_at_the_exact_length_changes_nothing() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    assert cut(FAMILY, 3) == "…"


@given(st.text())
def test_clean_text_is_one_line_that_hides_nothing(text: str) -> None:
    found = clean(text)
    assert found == clean(found)
    assert not regex.search(r"[\p{Cc}\u202a-\u202e\u2066-\u2069]", found)


@pytest.mark.parametrize("words", ["@room", "hola @everyone", "<@&123>", "<@!7>", "@here!", "a@b.example"])
def test_mentions_read_the_same_and_notify_nobody(words: str) -> None:
    found = tame(words, 100)
    assert found.replace("\u200b", "") == words
    assert not regex.search(r"@[\w!&]", found)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://a b", 'https://x/"onmouseover="', "http://x\u202e", ""]
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert web_url(url) == ""
    assert web_url("https://example.org/1?a=b&c=d") == "https://example.org/1?a=b&c=d"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


@given(
    text=st.text() | st.sampled_from(["<b>x</b>", "</blockquote><script>", '"><img src=x>', "&lt;i&gt;"]), url=st.text()
)
def test_html_holds_only_our_own_tags(text: str, url: str) -> None:
    hostile = msgspec.structs.replace(alert(text=text), title=text, rule=text)
    hostile = msgspec.structs.replace(hostile, evidence=({"id": "x", "url": f"https://x/{url}", "text": text},))
    parser = _Tags()
    parser.feed(as_html(Message(hostile, "Acme")))
    parser.close()
    assert [tag for tag, _ in parser.tags] in (
        ["strong", "br", "blockquote"],
        ["strong", "br", "blockquote", "a"],
    )
    assert all([name for name, _ in attrs] == (["href"] if tag == "a" else []) for tag, attrs in parser.tags)


def test_the_message_says_what_how_unlikely_and_why() -> None:
    assert as_plain(Message(alert(), "Acme")) == (
        "🔺 Acme: 84 posts in 5m, usually about 12\n"
        "95 % of ordinary windows bring 4 to 24 · chance alone: once in 4,000,000 windows"
        " · since 2026-11-23 12:00 UTC · rule volume-spike\n"
        "“It does not charge” https://example.org/1"
    )


def test_an_unthinkable_chance_is_said_in_words() -> None:
    for p in (0.0, 1e-300):
        assert "less than once in a billion" in as_plain(Message(msgspec.structs.replace(alert(), p_value=p), "Acme"))
