"""Occlusion: what counts as a word, and shares that can be worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import Request, load
from classifiers.base import STAGES, Verdict
from classifiers.explain import MAX_WORDS, Explanation, Share, explain, words
from classifiers.text import MAX_CHARACTERS
from tests.classifiers.rules import RuleClassifier, probabilities


def cut(text: str) -> list[str]:
    """The words as they stand in the text."""
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no me gusta nada", ["no", "me", "gusta", "nada"]),
        ("I don't, I'm not", ["I", "don't", "I'm", "not"]),
        ("je n'aime pas l'appli", ["je", "n'", "aime", "pas", "l'", "appli"]),
        ("non c’è", ["non", "c’", "è"]),
        ("E-Mail an Müller’s Büro", ["E-Mail", "an", "Müller’s", "Büro"]),
        ("so slow #fail_again @movistar_es", ["so", "slow", "#fail_again", "@movistar_es"]),
        ("@ana@mastodon.social: hola.", ["@ana@mastodon.social", "hola"]),
        ("see https://x.org/a?b=1 (now)", ["see", "https://x.org/a?b=1", "now"]),
        ("10,99 € a las 10:30", ["10,99", "a", "las", "10:30"]),
        ("super :-) not :( xD <3", ["super", ":-)", "not", ":(", "xD", "<3"]),
        ("what?! sure...", ["what", "?!", "sure", "..."]),
        ("good😀😀😡 ok", ["good", "😀😀", "😡", "ok"]),
        ("👍👍🏽 👨‍👩‍👧 🇪🇸 ❤️ 1️⃣", ["👍", "👍🏽", "👨‍👩‍👧", "🇪🇸", "❤️", "1️⃣"]),
        ("cafe\u0301 solo", ["cafe\u0301", "solo"]),
        (" ,.()", []),
        ("", []),
    ],
)
def test_what_is_a_word(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.text(max_size=80))
def test_words_are_in_order_and_hold_something(text: str) -> None:
    end = 0
    for start, next_end in words(text):
        assert end <= start < next_end
        assert text[start:next_end].strip()
        end = next_end


async def told(text: str, target: str | None = None, about: str = "") -> tuple[Explanation, RuleClassifier]:
    """The explanation by the rules, and the rules."""
    rules = RuleClassifier()
    return await explain(rules, Request(text, target, about=about)), rules


async def test_a_share_is_what_the_probability_loses() -> None:
    found, rules = await told("I love it, great")
    both, love, great = (probabilities(score)[2] for score in (3.0, 2.0, 1.0))
    assert found.verdict is not None
    assert found.verdict.sentiment == "positive"
    assert found.shares == (
        Share("I", 0, 1, 0.0),
        Share("love", 2, 6, round(both - great, 3)),
        Share("it", 7, 9, 0.0),
        Share("great", 11, 16, round(both - love, 3)),
    )
    assert len(rules.calls) == 1, "all variants are asked in one call"
    assert [request.text.split() for request in rules.calls[0][1:3]] == [
        ["love", "it,", "great"],
        ["I", "it,", "great"],
    ]


async def test_what_speaks_against_the_answer_is_below_zero() -> None:
    found, _ = await told("I love it but it is broken")
    shares = {share.word: share.share for share in found.shares}
    assert shares["love"] > 0 > shares["broken"]


async def test_negation_is_a_word_of_its_own() -> None:
    found, _ = await told("I do not love it")
    assert found.verdict is not None
    assert found.verdict.sentiment == "negative"
    shares = {share.word: share.share for share in found.shares}
    assert shares["not"] == round(probabilities(-2)[0] - probabilities(2)[0], 3) > shares["love"] > 0


async def test_the_target_stays() -> None:
    """Leaving out the brand's name in the text leaves nothing that speaks of the brand."""
    found, rules = await told("I love my Fairphone. The Samsung is broken", "Fairphone")
    assert {request.target for request in rules.calls[0]} == {"Fairphone"}
    shares = {share.word: share.share for share in found.shares}
    assert shares["love"] == shares["Fairphone"] > 0
    assert shares["broken"] == shares["Samsung"] == 0


async def test_told_stages_and_relevance_have_shares() -> None:
    found, _ = await told("bought an apple phone", "Apple", "maker of the phone")
    shares = {share.word: share for share in found.shares}
    assert shares["bought"].stages == {"purchase": 0.8}
    assert shares["phone"].stages == {"purchase": 0.0}
    assert shares["phone"].relevance == 0.89
    assert shares["bought"].relevance == 0.0


async def test_without_a_description_relevance_has_no_share() -> None:
    found, _ = await told("bought an apple phone", "Apple")
    assert [share.relevance for share in found.shares] == [None] * 4


async def test_no_answer_is_nothing_to_explain() -> None:
    assert (await told("mute"))[0] == Explanation(None)
    assert await explain(load("none"), Request("I love it")) == Explanation(None)


@pytest.mark.parametrize("text", ["", " \n", "...,", "()"])
async def test_a_text_without_words(text: str) -> None:
    found, _ = await told(text)
    assert found.verdict is not None
    assert len(found.shares) == len(cut(text)) <= 1


@pytest.mark.parametrize(("count", "run"), [(MAX_WORDS, 1), (MAX_WORDS + 1, 2), (130, 3)])
async def test_long_texts_are_cut_into_runs(count: int, run: int) -> None:
    text = " ".join(["so"] * (count - 1) + ["great"])
    found, rules = await told(text)
    assert (found.words, found.run) == (count, run)
    assert len(rules.calls[0]) == len(found.shares) + 1 <= MAX_WORDS + 1
    assert " ".join(share.word for share in found.shares) == text, "every word is in one run"
    assert all(text[share.start : share.end] == share.word for share in found.shares)
    assert [share.share > 0 for share in found.shares] == [False] * (len(found.shares) - 1) + [True]


async def test_ten_thousand_characters() -> None:
    found, rules = await told("love " * 2_000)
    assert len(rules.calls[0]) <= MAX_WORDS + 1
    assert max(len(request.text) for request in rules.calls[0]) <= MAX_CHARACTERS
    assert found.words == MAX_CHARACTERS // 5


async def test_nothing_left_has_no_relevance() -> None:
    """The shipped model judges no relevance in an empty text."""

    class Shipped(RuleClassifier):
        def answer(self, request: Request) -> Verdict | None:
            return super().answer(request) if request.text.strip() else Verdict("neutral", (0.0, 1.0, 0.0))

    found = await explain(Shipped(), Request("recommend", "it", about="recommend"))
    assert [(share.stages, share.relevance) for share in found.shares] == [({}, None)]
    assert found.verdict is not None
    assert found.verdict.stages == ("advocacy",)


async def test_the_shipped_model_explains_itself() -> None:
    model = load("default", threads=1)
    found = await explain(model, Request("The new phone is terrible"))
    again = await explain(model, Request("The new phone is terrible"))
    await model.close()
    assert found == again
    assert found.verdict is not None
    assert found.verdict.sentiment == "negative"
    assert len(found.verdict.stage_p) == len(STAGES)
    assert max(found.shares, key=lambda share: share.share).word == "terrible"
