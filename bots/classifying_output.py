"""How `tertulia classify` answers: aligned lines for people, JSON lines for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import regex
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from bots.classifying_input import Item
from bots.classifying_targets import Target
from classifiers.base import Verdict
from classifiers.explain import Explanation, Share

MEANT: Final = 0.5
"""From this relevance on, the text is said to mean the brand: it is more likely than not."""
LEAST_TEXT: Final = 24
"""Columns that a text gets in the narrowest terminal; the line is broken rather than the text cut further."""
MOST_NAME: Final = 24
"""Columns of a brand's name."""
TOP: Final = 8
"""Words that are listed under an explained text."""
LEAST_SHARE: Final = 0.01
STRONG_SHARE: Final = 0.15

_STYLES: Final = {"negative": "red", "neutral": "yellow", "positive": "green"}
_UNPRINTABLE: Final = regex.compile(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]")
"""What would move the cursor, break the line or turn its direction: posts are written by strangers."""


class Judged(NamedTuple):
    """One answer: about one text, toward one brand or as a whole."""

    item: Item
    target: Target | None
    verdict: Verdict | None
    why: Explanation | None
    """None: it was not asked for."""


class Printer(Protocol):
    """Where answers go."""

    def show(self, answers: Sequence[Judged]) -> None:
        """Write them out, at once."""


def printer(model: str, *, as_json: bool) -> Printer:
    """The one that was asked for; `model` is the name that verdicts carry."""
    return JsonPrinter(model) if as_json else LinePrinter(Console(highlight=False))


class JsonPrinter:
    """One JSON object per line: the answer first, then what else stood in the line that was read."""

    def __init__(self, model: str) -> None:
        self._model = model

    def show(self, answers: Sequence[Judged]) -> None:
        """One line each."""
        lines = (json.dumps(self._data(answer), ensure_ascii=False) for answer in answers)
        print("\n".join(line.encode("utf-8", "replace").decode("utf-8") for line in lines), flush=True)

    def _data(self, answer: Judged) -> dict[str, Any]:
        found: dict[str, Any] = {
            "text": answer.item.text,
            "brand": answer.target.name if answer.target else None,
            "about": (answer.target.about or None) if answer.target else None,
            "model": self._model,
            "verdict": msgspec.to_builtins(answer.verdict),
        }
        if answer.why is not None:
            found["explain"] = msgspec.to_builtins(answer.why.shares)
        return found | {key: value for key, value in answer.item.rest.items() if key not in found}


class LinePrinter:
    """Columns: sentiment, its probability, the brand, whether it is meant, stages, the text.

    A column that nothing stood in yet is not there; one that was widened stays so. On a terminal the text is cut to its
    width, elsewhere it is whole.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._widths: list[int] = []

    def show(self, answers: Sequence[Judged]) -> None:
        """One line each, and below it the words behind it, if those were asked for."""
        rows = [_cells(answer) for answer in answers]
        widest = [max(cell_len(row[column].plain) for row in rows) for column in range(len(rows[0]))]
        self._widths = [max(pair) for pair in zip(widest, self._widths or widest, strict=True)]
        lines: list[Text] = []
        for row, answer in zip(rows, answers, strict=True):
            lines.append(self._line(row, answer.item.text))
            if answer.why is not None:
                lines += _reasons(answer, answer.why, coloured=self._console.is_terminal)
        self._console.print(Text("\n").join(lines), soft_wrap=True)

    def _line(self, row: Sequence[Text], text: str) -> Text:
        line = Text()
        for cell, width in zip(row, self._widths, strict=True):
            if width:
                line.append_text(cell).append(" " * (width - cell_len(cell.plain) + 2))
        words = Text(" ".join(printable(text).split()))
        if self._console.is_terminal:
            room = self._console.width - cell_len(line.plain)
            words.truncate(max(LEAST_TEXT, room), overflow="ellipsis")
        line.append_text(words)
        line.rstrip()
        return line


def _cells(answer: Judged) -> list[Text]:
    """Everything before the text."""
    verdict, name = answer.verdict, _name(answer.target)
    if verdict is None:
        return [Text("no answer", "dim"), Text(), name, Text(), Text()]
    style = _STYLES.get(verdict.sentiment, "")
    return [
        Text(verdict.sentiment, style),
        Text(f"{_percent(max(verdict.p)):>5}", style),
        name,
        _meant(verdict.relevance),
        _stages(verdict),
    ]


def _name(target: Target | None) -> Text:
    name = printable(target.name) if target else ""
    return Text(name if cell_len(name) <= MOST_NAME else set_cell_size(name, MOST_NAME - 1) + "…", "bold")


def _meant(relevance: float | None) -> Text:
    if relevance is None:
        return Text()
    if relevance >= MEANT:
        return Text(f"meant {_percent(relevance)}")
    return Text(f"not meant {_percent(relevance)}", "dim")


def _stages(verdict: Verdict) -> Text:
    if not verdict.stage_p and not verdict.stages:  # this model does not judge them
        return Text()
    return Text(", ".join(verdict.stages), "cyan") if verdict.stages else Text("no stage", "dim")


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %"


def printable(text: str) -> str:
    """As many characters, but none that a terminal would obey."""
    return str(_UNPRINTABLE.sub(" ", text))


# -- the words behind an answer --------------------------------------------------------------------------------------


def _reasons(answer: Judged, why: Explanation, *, coloured: bool) -> Iterator[Text]:
    """The text with its words marked (on a terminal), and the words that moved each part of the answer most."""
    verdict = why.verdict
    if verdict is None:
        return
    if coloured and why.shares:
        yield _marked(answer.item.text, why.shares)
    told = {verdict.sentiment: [(share.word, share.share) for share in why.shares]}
    for stage in verdict.stages:
        told[stage] = [(share.word, share.stages.get(stage, 0.0)) for share in why.shares]
    if any(share.relevance is not None for share in why.shares):
        meant = "meant" if (verdict.relevance or 0.0) >= MEANT else "not meant"
        sign = 1 if meant == "meant" else -1  # what speaks for "not meant" is what lowers the relevance
        told[meant] = [(share.word, sign * (share.relevance or 0.0)) for share in why.shares]
    for part, moved in told.items():
        yield _ranked(part, moved)
    if why.run > 1:
        yield Text(f"    ({why.words} words: they were left out {why.run} at a time)", "dim")


def _ranked(part: str, moved: Sequence[tuple[str, float]]) -> Text:
    strongest = sorted(moved, key=lambda pair: -abs(pair[1]))[:TOP]
    line = Text(f"    {part}: ")
    shown = [(word, share) for word, share in strongest if abs(share) >= LEAST_SHARE]
    if not shown:
        return line.append("no single word moves it", "dim")
    for place, (word, share) in enumerate(shown):
        line.append(", " if place else "").append(f"{' '.join(printable(word).split())} {share:+.2f}", _shade(share))
    return line


def _marked(text: str, shares: Sequence[Share]) -> Text:
    """Up to the last word that was looked at; cuts between words only."""
    end = max(map(attrgetter("end"), shares))
    line = Text("    " + printable(text[:end]))
    for share in shares:
        line.stylize(_shade(share.share), share.start + 4, share.end + 4)
    return line


def _shade(share: float) -> Style:
    """Green speaks for the answer, red against it; what does so strongly is bold and underlined."""
    if abs(share) < LEAST_SHARE:
        return Style()
    strong = abs(share) >= STRONG_SHARE
    return Style(color="green" if share > 0 else "red", bold=strong, underline=strong)
