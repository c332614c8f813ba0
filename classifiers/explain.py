"""Which words moved an answer: each is left out in turn, and the model is asked again.

This is occlusion (Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", ECCV), for words as in
Robnik-Šikonja & Kononenko 2008, "Explaining Classifications For Individual Instances", IEEE TKDE 20(5): a word's share
is p(answer | text) - p(answer | text without the word). It needs answers and no gradients, so it works for any model.

Limits. Shares do not add up to p. Words that say the same twice hide each other: without one, the other still stands
("great, really great"); words that count only together ("not bad") each get the effect of the pair. A text without a
word may be one that nobody would write, and the model's answer to it a guess. It explains the model, not the writer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import regex

from classifiers.base import LABELS, STAGES, Classifier, Request, Verdict
from classifiers.text import MAX_CHARACTERS

MAX_WORDS: Final = 64
"""The most variants of a text that are asked about; the words of longer texts are left out several at a time."""

_WORD: Final = regex.compile(
    r"""
      (?:https?://|www\.)\S+                                          # a link
    | @\w+(?:[.-]\w+)*(?:@\w+(?:[.-]\w+)*)?                           # @name, @name@host
    | [#]\w+                                                          # a hashtag
    | [:;=][-'^]?[()\[\]/\\|*]+ | (?<!\w)[:;=x][-'^]?[dpo3]+(?!\w) | <3+    # :-) xD <3
    | (?P<sign>(?=[\p{Extended_Pictographic}\p{Regional_Indicator}\p{So}]|[0-9#*]\uFE0F?\u20E3)\X)
      (?:(?P=sign)(?![\p{M}\p{Emoji_Modifier}\u200D]))*               # an emoji, or the same one several times
    | \p{N}+(?:[.,:]\p{N}+)*\w*                                       # 10,99
    | \w+(?:-\w+)*(?:['’](?:t|s|re|ve|ll|m|d)(?!\w) | ['’](?=\w))?    # don't; n' of n'aime
    | [!?¡¿…]+ | \.{2,}                                               # !!! and the … of irony
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
"""A word, or a sign that says as much as one. Commas, full stops and brackets are none."""


class Share(msgspec.Struct, frozen=True):
    """What one word did. All shares are to 3 decimals: above 0 it spoke for the answer, below 0 against it."""

    word: str
    """As it stands in the text; in a long text a run of words."""
    start: int
    """Where it begins, in characters (code points) of the request's text."""
    end: int
    """Where it ends: `text[start:end] == word`."""
    share: float
    """In the probability of the sentiment that was told."""
    stages: dict[str, float] = {}
    """In the probability of each stage that was told."""
    relevance: float | None = None
    """In the probability that the target is meant; None where that was not judged."""


class Explanation(msgspec.Struct, frozen=True):
    """An answer and the words behind it."""

    verdict: Verdict | None
    """The answer to the whole text; None: there is no answer, so nothing to explain."""
    shares: tuple[Share, ...] = ()
    """In the order of the text."""
    words: int = 0
    """How many words the text has, up to `MAX_CHARACTERS`, where every model stops to read."""
    run: int = 1
    """How many neighbouring words were left out at a time: more than 1 in texts of more than `MAX_WORDS`."""


class Span(NamedTuple):
    """A stretch of a text, in characters."""

    start: int
    end: int


def words(text: str) -> list[Span]:
    """Where the words of `text` are: links, @names, #tags, emoticons and emoji are each kept whole."""
    return [Span(*found.span()) for found in _WORD.finditer(text)]


async def explain(classifier: Classifier, request: Request) -> Explanation:
    """The answer to a request and the share of each word, from one call of `classifier.classify`."""
    text = request.text[:MAX_CHARACTERS]
    found = words(text)
    run = max(1, -(-len(found) // MAX_WORDS))
    spans = [Span(found[i].start, found[min(i + run, len(found)) - 1].end) for i in range(0, len(found), run)]
    texts = [text, *(_without(text, span) for span in spans)]
    whole, *rest = await classifier.classify([msgspec.structs.replace(request, text=each) for each in texts])
    if whole is None:
        return Explanation(None)
    return Explanation(whole, _shares(text, spans, whole, rest), len(found), run)


def _without(text: str, span: Span) -> str:
    """A space takes the word's place, lest its neighbours become one word; the model reads no white space twice."""
    return f"{text[: span.start]} {text[span.end :]}"


def _shares(text: str, spans: Sequence[Span], whole: Verdict, rest: Sequence[Verdict | None]) -> tuple[Share, ...]:
    pairs = zip(spans, rest, strict=True)
    return tuple(_share(text, span, whole, without) for span, without in pairs if without is not None)


def _share(text: str, span: Span, whole: Verdict, without: Verdict) -> Share:
    """What is unknown for the rest (a text of one word leaves nothing that could mean the target) has no share."""
    told = LABELS.index(whole.sentiment)
    places = [STAGES.index(stage) for stage in whole.stages] if without.stage_p else []
    relevance = None
    if whole.relevance is not None and without.relevance is not None:
        relevance = _moved(whole.relevance, without.relevance)
    return Share(
        text[span.start : span.end],
        span.start,
        span.end,
        _moved(whole.p[told], without.p[told]),
        {STAGES[i]: _moved(whole.stage_p[i], without.stage_p[i]) for i in places},
        relevance,
    )


def _moved(whole: float, without: float) -> float:
    """To 3 decimals, as the probabilities are; never -0."""
    return round(whole - without, 3) + 0.0
