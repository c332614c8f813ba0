"""What `tertulia classify` prints, on terminals of several widths and kinds."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bots.classifying_input import Item
from bots.classifying_output import LEAST_TEXT, Judged, LinePrinter, printable
from bots.classifying_targets import Target
from classifiers.base import STAGES, Request, Verdict
from classifiers.explain import explain
from tests.classifiers.rules import RuleClassifier

LONG = "I love it, it was so good that I told all of my friends and they told theirs"


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal of the tests is."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(*answers: Judged, width: int = 60, terminal: bool = True) -> list[str]:
    """The lines that are printed."""
    file = io.StringIO()
    printer = LinePrinter(Console(file=file, width=width, force_terminal=terminal, highlight=False))
    for answer in answers:
        printer.show([answer])
    return file.getvalue().splitlines()


def plain(lines: list[str]) -> list[str]:
    """Without colours."""
    return [Text.from_ansi(line).plain for line in lines]


def judged(text: str, name: str = "") -> Judged:
    """An answer by the rules."""
    target = Target(name) if name else None
    return Judged(Item(text), target, RuleClassifier().answer(Request(text, name or None)), None)


def test_a_terminal_gets_one_line_as_wide_as_it_is() -> None:
    (line,) = plain(shown(judged(LONG)))
    assert line == "positive   82 %  no stage  I love it, it was so good that I…"
    assert cell_len(line) == 60


def test_wide_characters_count_as_two() -> None:
    (line,) = plain(shown(judged("😀" * 100)))
    assert 58 <= cell_len(line) <= 60


def test_a_narrow_terminal_still_shows_something() -> None:
    (line,) = plain(shown(judged(LONG), width=10))
    assert line.endswith(LONG[: LEAST_TEXT - 1].rstrip() + "…")


def test_elsewhere_texts_are_whole_and_without_colours() -> None:
    (line,) = shown(judged(LONG), terminal=False)
    assert line == f"positive   82 %  no stage  {LONG}"


def test_a_terminal_has_colours() -> None:
    love, hate = shown(judged("I love it"), judged("I hate it"))
    assert "\x1b[32mpositive" in love
    assert "\x1b[31mnegative" in hate


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    (line,) = shown(judged("I love it"))
    assert "\x1b[32m" not in line


def test_columns_stay_aligned_and_only_grow() -> None:
    """Even where the next brand is known only later."""
    names = ["Acme", "A longer name", "B", "x" * 50]
    lines = shown(*(judged("it", name) for name in names), terminal=False)
    starts = [line.index("no stage") for line in lines]
    assert starts == sorted(starts)
    assert starts[1] == starts[2]
    assert starts[3] == starts[2] + 24 - len("A longer name")
    assert lines[3].split()[3] == "x" * 23 + "…"


def test_what_a_model_does_not_judge_has_no_column() -> None:
    verdict = Verdict("positive", (0.1, 0.1, 0.8))
    assert shown(Judged(Item("ok"), None, verdict, None), terminal=False) == ["positive   80 %  ok"]


def test_several_stages() -> None:
    verdict = Verdict("positive", (0.1, 0.1, 0.8), None, ("use", "loyalty"), (0.1,) * len(STAGES))
    (line,) = shown(Judged(Item("ok"), None, verdict, None), terminal=False)
    assert line == "positive   80 %  use, loyalty  ok"


@pytest.mark.parametrize("text", ["[bold]x[/bold]", ":smile:", "[/]", "\\[x"])
def test_markup_is_text(text: str) -> None:
    assert shown(judged(text), terminal=False)[0].endswith(text)


@given(st.text())
def test_no_text_is_obeyed(text: str) -> None:
    shown_text = printable(text)
    assert len(shown_text) == len(text), "words keep their places"
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown_text)
    assert len(shown(judged(text), terminal=False)) == 1


async def test_words_are_marked_on_a_terminal() -> None:
    text = "I love it\nbut it is broken"
    why = await explain(RuleClassifier(), Request(text))
    lines = shown(Judged(Item(text), None, why.verdict, why))
    assert plain(lines)[1] == "    I love it but it is broken"
    assert "\x1b[1;4;32mlove\x1b[0m" in lines[1]
    assert "\x1b[1;4;31mbroken\x1b[0m" in lines[1]
    assert plain(lines)[2] == "    positive: love +0.51, broken -0.23"


async def test_what_speaks_for_not_meant_is_told_so() -> None:
    class Fruit(RuleClassifier):
        def answer(self, request: Request) -> Verdict | None:
            return Verdict("neutral", (0.0, 1.0, 0.0), 0.1 if "pie" in request.text else 0.7)

    why = await explain(Fruit(), Request("apple pie", "Apple", about="phones"))
    lines = shown(Judged(Item("apple pie"), Target("Apple", "phones"), why.verdict, why), terminal=False)
    assert lines[-1] == "    not meant: pie +0.60"
