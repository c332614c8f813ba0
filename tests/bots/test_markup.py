"""HTML to the text that a person reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.sources.markup import read_html, web_address


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("It&#x27;s 5 &lt; 6 &amp;amp; ñ", "It's 5 < 6 &amp; ñ"),
        ("<p>one</p><p>two <i>three</i>", "one\n\ntwo three"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<script>alert(1)</script>x<style>p{}</style>", "x"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("  many\n  blanks\t&nbsp; here ", "many blanks here"),
        ("<b>broken <i>x", "broken x"),
        ("", ""),
    ],
)
def test_text(html: str, text: str) -> None:
    assert read_html(html)[0] == text


def test_links_are_absolute_each_once_and_only_of_the_web() -> None:
    html = '<a href="/x">1</a><a href="https:&#x2F;&#x2F;e.org/y">2</a><a href="/x">3</a>'
    html += '<a href="javascript:x">4</a><a>5</a><a href="">6</a>'
    assert read_html(html, "https://b.org/z/")[1] == ("https://b.org/x", "https://e.org/y")


@given(st.text(alphabet="<>/&;#x27 abp\"'=!-[]\n\x00é😀\ud800", max_size=200))
def test_nothing_makes_it_fail(html: str) -> None:
    read_html(html, "https://example.org")
    web_address(html, "https://example.org")
