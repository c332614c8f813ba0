"""What every classifier takes and gives: the contract between the match stage and a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeAlias

import msgspec

LABELS: Final = ("negative", "neutral", "positive")
"""The order of `Verdict.p`, of the rows and of the columns of a confusion matrix."""

STAGES: Final = ("awareness", "consideration", "intent", "purchase", "use", "loyalty", "advocacy")
"""Stages of a decision, in the order in which people are told to pass them (they rarely do)."""

Row: TypeAlias = tuple[int, int, int]
Confusion: TypeAlias = tuple[Row, Row, Row]
"""Counts on validation posts: rows are the truth, columns the answer, both in the order of `LABELS`."""


class Verdict(msgspec.Struct, frozen=True):
    """One text's answer."""

    sentiment: str
    """`negative`, `neutral` or `positive`: the largest of `p`."""
    p: tuple[float, float, float]
    """Probabilities in the order of `LABELS`, rounded to 3 decimals; they sum to 1."""
    relevance: float | None = None
    """Probability that the target is really meant, to 3 decimals; None: the request told nothing about the target, or
    this model does not judge relevance."""
    stages: tuple[str, ...] = ()
    """Of `STAGES`, those the text shows its writer to be in; empty: none, or this model does not judge stages."""
    stage_p: tuple[float, ...] = ()
    """Probability of each of `STAGES`, to 3 decimals; empty: this model does not judge stages."""


class Request(msgspec.Struct, frozen=True):
    """One text to judge, and what the judgement is about."""

    text: str
    target: str | None = None
    """Whom the sentiment is toward, as people write the name; None: the text as a whole."""
    lang: str | None = None
    about: str = ""
    """One line on who the target is ("French telecom operator"): with it, relevance is judged."""


class Classifier(Protocol):
    """A model behind an awaitable door.

    The same request gets the same verdict whatever stands beside it, in which order or batch, on how many
    threads: the numbers must come out alike after a crash and a replay.
    """

    @property
    def name(self) -> str:
        """Model name and version, written in each ledger entry."""

    @property
    def confusion(self) -> Mapping[str, Confusion]:
        """Per language (`en`, …), from the model card; empty when the model was never measured."""

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        """Verdicts in the order of `requests`; None where this classifier has no answer."""

    async def close(self) -> None:
        """Free threads and memory; a later `classify` raises `RuntimeError`."""
