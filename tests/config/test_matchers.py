"""Matchers: how they are written, what they mean, and expressions that must not be taken."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.matchers import LABELS, Matcher, all_match, parse

FOUND = {"alertname": "volume-spike", "brand": "fairphone", "severity": "warning"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="critical"', Matcher("severity", "=", "critical")),
        ("severity=critical", Matcher("severity", "=", "critical")),
        (' brand =~ "fair.*" ', Matcher("brand", "=~", "fair.*")),
        ('brand!=""', Matcher("brand", "!=", "")),
        ("source=", Matcher("source", "=", "")),
        (r'brand=~"a\.b"', Matcher("brand", "=~", r"a\.b")),
        (r'brand=~"a\\.b"', Matcher("brand", "=~", r"a\.b")),
        (r'alertname="odd \"one\""', Matcher("alertname", "=", 'odd "one"')),
        (r'alertname="a\dc"', Matcher("alertname", "=", r"a\dc")),
    ],
)
def test_read(text: str, expected: Matcher) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@given(st.sampled_from(LABELS), st.sampled_from(["=", "!="]), st.text(max_size=40))
def test_what_is_written_is_read_again(label: str, operator: str, value: str) -> None:
    matcher = Matcher(label, operator, value)
    assert parse(str(matcher)) == matcher


@given(st.text(max_size=60))
def test_any_text_is_a_matcher_or_explained(text: str) -> None:
    for given_text in (text, f"brand=~{text}", f'brand=~"{text}"'):
        try:
            matcher = parse(given_text)
        except ValueError as error:
            assert str(error)
        else:
            assert matcher.matches(FOUND) in (True, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no matcher"),
        ("brand", "is no matcher"),
        ('brand="a', "is no matcher"),
        ("brand=a b", "is no matcher"),
        ("brnd=a", "did you mean `brand`?"),
        ("colour=red", "there are: alertname, "),
        ("brand=~(", "is no regular expression"),
        ("brand=~a{99999999999999999999}", "is no regular expression"),
        (f"brand=~{'(' * 299}", "is no regular expression"),
        (f"brand={'a' * 301}", "more than 300 letters"),
        ("brand=~(x|xx)+y", "takes too long"),
        ("brand=~(a|a)*", "takes too long"),
    ],
)
def test_not_read(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("brand=fairphone", True),
        ("brand!=fairphone", False),
        ("brand=~fair", False),  # the whole value
        ("brand=~fair.*", True),
        ("brand=~fair|fairphone", True),
        ("brand!~fair.*", False),
        ("source=", True),  # what an alert lacks is empty
        ("source!=rss", True),
        ("source=~.*", True),
        ("source=~.+", False),
    ],
)
def test_meaning(text: str, holds: bool) -> None:
    assert parse(text).matches(FOUND) is holds


def test_all_have_to_hold_and_none_is_enough() -> None:
    assert all_match([], FOUND)
    assert all_match([parse("brand=fairphone"), parse("severity=warning")], FOUND)
    assert not all_match([parse("brand=fairphone"), parse("severity=info")], FOUND)


def test_what_takes_too_long_does_not_hold_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """One that the check let through; whichever way round it is asked."""
    with caplog.at_level(logging.ERROR):
        for operator in ("=~", "!~"):
            assert not Matcher("brand", operator, "(x|xx)+y").matches({"brand": "x" * 60})
    assert len(caplog.records) == 2
    assert "takes too long" in caplog.text
