"""Documents as text: hostile words, cuts between characters as readers see them, addresses, what is left out."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.document import Document, Part, Quote
from bots.chat.drawing import utf8, utf16
from bots.chat.markdown import Markdown
from bots.chat.taming import clean, tame, web_url
from bots.chat.text import as_html, as_plain
from streams.alerting.words import cut

FAMILY = "👩‍👩‍👧‍👦"
PIECES = ("a", "é", "e\u0301", "ñ", FAMILY, "🇪🇸", "👍🏽", "क्षि", "\u200d")
DOCUMENT = Document(
    "🔺 Acme: 84 posts in 5m",
    (
        Part("", ("usually about 12",), (Quote("It does not charge", "https://example.org/1"),)),
        Part("In Fairphone", ("up",)),
    ),
    "https://tertulia.example/alerts",
)


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


@given(st.text(st.characters(exclude_categories=())))
def test_clean_text_is_one_line_that_hides_nothing(text: str) -> None:
    found = clean(text)
    assert found == clean(found)
    assert not regex.search(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b]", found)


def test_invisible_letters_are_left_out_and_flags_are_not() -> None:
    scotland = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    assert clean(f"a{hidden}b \uffa0c\u034f {scotland}{hidden}") == f"ab c {scotland}"


@pytest.mark.parametrize(
    "words", ["@room", "hola @everyone", "<@&123>", "<@!7>", "@here!", "a@b.example", "<!channel>"]
)
def test_mentions_read_the_same_and_notify_nobody(words: str) -> None:
    found = tame(words, 100)
    assert found.replace("\u200b", "") == words
    assert not regex.search(r"@[\w!&]|<[@!#]", found)


@pytest.mark.parametrize("words", ["https://x.example/a", "see HTTP://x", "www.x.example", "Www.x"])
def test_addresses_in_the_text_read_the_same_and_are_no_links(words: str) -> None:
    found = tame(words, 100)
    assert found.replace("\u200b", "") == words
    assert not regex.search(r"(?i)://|\bwww\.", found)


def test_words_without_meaning_for_a_chat_are_left_as_they_are() -> None:
    for words in ("a < b", "3 @ 2", "C:/x", "wwwww.", FAMILY, "می‌خواهم"):
        assert tame(words, 100) == words


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a b",
        'https://x/"onmouseover="',
        "http://x\u202e",
        "",
        "http://",
        "https:///x",
        "https://?q",
        "http://[::1",
    ],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert web_url(url) == ""
    assert web_url("https://example.org/1?a=b&c=d") == "https://example.org/1?a=b&c=d"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


@given(
    text=st.text() | st.sampled_from(["<b>x</b>", "</blockquote><script>", '"><img src=x>', "&lt;i&gt;"]), url=st.text()
)
def test_html_holds_only_our_own_tags(text: str, url: str) -> None:
    document = Document(text, (Part(text, (text,), (Quote(text, f"https://x/{url}"),)),), f"https://x/{url}")
    parser = _Tags()
    parser.feed(as_html(document))
    parser.close()
    heading = ["br", "br", "strong"] if text else []
    without = ["strong", *heading, "br", "blockquote"]
    assert [tag for tag, _ in parser.tags] in (without, [*without, "a", "br", "a"])
    assert all([name for name, _ in attrs] == (["href"] if tag == "a" else []) for tag, attrs in parser.tags)


def test_the_plain_form_in_full() -> None:
    assert as_plain(DOCUMENT) == (
        "🔺 Acme: 84 posts in 5m\nusually about 12\n“It does not charge” https://example.org/1\n"
        "\nIn Fairphone\nup\nhttps://tertulia.example/alerts"
    )


def test_the_html_form_in_full() -> None:
    assert as_html(DOCUMENT, lang="es") == (
        "<strong>🔺 Acme: 84 posts in 5m</strong><br>usually about 12"
        '<blockquote>It does not charge <a href="https://example.org/1">publicación</a></blockquote>'
        '<br><br><strong>In Fairphone</strong><br>up<br><a href="https://tertulia.example/alerts">más</a>'
    )


@given(
    most=st.integers(60, 400),
    lines=st.lists(st.text(max_size=60), max_size=20),
    measure=st.sampled_from((utf8, utf16, len)),
)
def test_what_does_not_fit_is_left_out_from_the_end_and_that_is_said(
    most: int, lines: list[str], measure: object
) -> None:
    document = Document("title", (Part("", tuple(lines)),), "https://example.org")
    assert callable(measure)
    found, whole = as_plain(document, most, measure), as_plain(document, 10**9)
    assert measure(found) <= most
    assert found.endswith("https://example.org")
    if found != whole:
        kept = found.removesuffix("\n…\nhttps://example.org")
        assert kept != found
        assert whole.startswith(kept)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("**b** _i_ `c`", r"\*\*b\*\* \_i\_ \`c\`"),
        ("[x](y) ||s|| ~~d~~", r"\[x\]\(y\) \|\|s\|\| \~\~d\~\~"),
        ("# heading #tag", r"\# heading #tag"),
        ("- list - no", r"\- list - no"),
        ("12. list 3.5", r"12\. list 3.5"),
        ("> quote", r"\> quote"),
        ("=== x", "\u200b=== x"),
        ("a\\*b", r"a\\\*b"),
        ("<#1>", r"\<#1\>"),
    ],
)
def test_markdown_shows_its_signs(text: str, escaped: str) -> None:
    assert Markdown(extra="<").escape(text) == escaped


def test_markdown_links_bear_nothing_that_ends_them() -> None:
    assert Markdown().link("https://e.example/`a|b`") == "[more](https://e.example/%60a%7Cb%60)"
    assert (
        Markdown("es").quote("hola", "https://e.example/a_(b)") == "> hola [publicación](https://e.example/a_%28b%29)\n"
    )
