"""A classifier whose every answer can be worked out by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from classifiers.base import LABELS, STAGES, Confusion, Request, Verdict

SCORES = {"love": 2.0, "great": 1.0, "hate": -2.0, "broken": -1.0}
TOLD = {"bought": "purchase", "recommend": "advocacy"}


class RuleClassifier:
    """Words decide. `not` turns the sentence round; toward a target only the sentences that name it count; a target is
    meant when the text has a word of its description; a text of the word `mute` has no answer."""

    name = "rules/1"
    confusion: Mapping[str, Confusion] = {}

    def __init__(self) -> None:
        self.calls: list[list[Request]] = []
        """The requests of each call."""
        self.closed = False

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        self.calls.append(list(requests))
        return [self.answer(request) for request in requests]

    async def close(self) -> None:
        self.closed = True

    def answer(self, request: Request) -> Verdict | None:
        """One answer."""
        text = request.text.casefold()
        if text.strip() == "mute":
            return None
        sentences = [part for part in re.split(r"[.;]", text) if (request.target or "").casefold() in part]
        p = probabilities(sum(map(_score, sentences)))
        stage_p = tuple(max((0.9 for w in _words(text) if TOLD.get(w) == stage), default=0.1) for stage in STAGES)
        relevance = None
        if request.target and request.about:
            relevance = 0.93 if set(_words(text)) & set(_words(request.about.casefold())) else 0.04
        stages = tuple(stage for stage, chance in zip(STAGES, stage_p, strict=True) if chance > 0.5)
        return Verdict(LABELS[p.index(max(p))], p, relevance, stages, stage_p)


def probabilities(score: float) -> tuple[float, float, float]:
    """Negative, neutral and positive for a sum of `SCORES`; 0 is neutral."""
    score = max(-20.0, min(20.0, score))
    powers = (math.exp(-score), 1.5, math.exp(score))
    negative, _, positive = (round(each / sum(powers), 3) for each in powers)
    return negative, round(1 - negative - positive, 3), positive


def _score(sentence: str) -> float:
    found = _words(sentence)
    return (-1 if "not" in found else 1) * sum(SCORES.get(word, 0.0) for word in found)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)
