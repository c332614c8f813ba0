"""The small parts: cleaning, batching, rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import LABELS
from classifiers.batching import MAX_BATCH, TOKENS_PER_BATCH, by_length
from classifiers.heads import Heads, Linear, opinion
from classifiers.mention import mentions
from classifiers.text import MAX_ABOUT, MAX_CHARACTERS, MAX_TARGET, MENTION, Pair, clean, key, target
from classifiers.transformer import TransformerClassifier


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Hi @anna_b and @x.bsky.social!", "Hi @user and @user"),
        ("see https://a.example/b?c=1 or www.b.example", "see http or http"),
        ("mail me at ana@example.org", "mail me at ana@example.org"),
        ("a\x00b \ud800c\n\n d", "a b c d"),
        ("@user http", "@user http"),
    ],
)
def test_cleaning(raw: str, cleaned: str) -> None:
    assert clean(raw).rstrip("!") == cleaned


@given(st.text())
def test_cleaning_twice_changes_nothing_and_all_can_be_encoded(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(key(once)) == 16
    assert len(once) <= MAX_CHARACTERS * 5


@given(st.dictionaries(st.binary(min_size=1, max_size=4), st.lists(st.integers(0, 9), min_size=1, max_size=40)))
def test_every_text_is_in_one_batch_among_its_equals(texts: dict[bytes, list[int]]) -> None:
    batches = list(by_length({k: Pair(ids, [0] * len(ids), False) for k, ids in texts.items()}))
    assert {k: pair.ids for batch in batches for k, pair in batch} == texts
    assert sum(map(len, batches)) == len(texts)
    for batch in batches:
        lengths = {len(pair.ids) for _, pair in batch}
        assert len(lengths) == 1
        assert len(batch) <= MAX_BATCH
        assert len(batch) == 1 or len(batch) * lengths.pop() <= TOKENS_PER_BATCH


@given(st.lists(st.floats(1e-9, 1), min_size=3, max_size=3))
def test_rounded_probabilities_sum_to_one_and_stay_close(weights: list[float]) -> None:
    exact = np.array(weights) / sum(weights)
    label, rounded = opinion(exact)
    assert round(sum(rounded), 9) == 1
    assert max(abs(np.array(rounded) - exact)) < 0.001
    assert label == LABELS[rounded.index(max(rounded))]


def test_a_target_stands_before_the_text_and_is_marked(model: TransformerClassifier) -> None:
    encoder = model._encoder
    alone, with_target = encoder.tokens("it broke"), encoder.tokens("it broke", "Fairphone: phone maker")
    named = encoder.tokens("Fairphone: phone maker").ids[1:]
    assert with_target.ids == [alone.ids[0], *named, *alone.ids[1:]]
    assert with_target.kinds == [0, *[1] * len(named), *[0] * (len(alone.ids) - 1)]
    assert alone.kinds == [0] * len(alone.ids)


def test_a_long_target_leaves_room_for_the_text(model: TransformerClassifier) -> None:
    found = model._encoder.tokens("good", "word " * 500)
    assert sum(found.kinds) == MAX_TARGET + 1
    assert not found.cut
    long = model._encoder.tokens("good " * 500, "word " * 500)
    assert len(long.ids) == model._encoder.max_tokens
    assert long.cut


def test_targets_with_and_without_a_description() -> None:
    assert target("Orange ") == "Orange"
    assert target("Orange", " a\ntelecom ") == "Orange: a telecom"
    assert len(target("O", "x" * 1_000)) == MAX_ABOUT + 3


def test_texts_about_other_targets_have_other_keys() -> None:
    assert len({key("a"), key("a", "b"), key("b", "a"), key("ab")}) == 4
    assert key("a") == key("a", "")


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("I love my Fairphone, my Samsung broke", "fairphone", ["Fairphone"]),
        ("ÉXITO y exito, no exitoso", "Éxito", ["ÉXITO", "exito"]),
        ("#DeltaAirLines: delta  air\nlines", "Delta Air Lines", ["DeltaAirLines", "delta  air\nlines"]),
        ("Delta lost my bag, an airline", "Delta Air Lines", ["Delta"]),
        ("de la caja", "Caja de la Luz", ["caja"]),
        ("meu golzinho", "Gol", ["gol"]),
        ("AT&T is down, at t", "AT&T", ["AT&T", "at t"]),
        ("a.b", "a+b", ["a.b"]),
        ("straße ﬁsh ǅ İo io", "İo", ["İo", "io"]),
        ("nothing", "Gol", []),
        ("nothing", "🙂", []),
        ("", "Gol", []),
    ],
)
def test_where_a_text_names_its_target(text: str, name: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in mentions(text, name)] == found


@given(st.text(), st.text())
def test_a_mention_lies_within_the_text(text: str, name: str) -> None:
    places = mentions(text, name)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert sorted(set(places)) == places


def test_the_tokens_that_name_the_target_are_marked(model: TransformerClassifier) -> None:
    encoder = model._encoder
    text = "mein Fairphone, das Samsung, fairphone"
    found = encoder.tokens(text, "Fairphone: phone maker from Amsterdam, Fairphone")
    marked = [
        encoder._tokenizer.id_to_token(i) for i, kind in zip(found.ids, found.kinds, strict=True) if kind == MENTION
    ]
    assert "".join(map(str, marked)).replace("▁", " ").split() == ["Fairphone", "fairphone"]


def _heads(**changes: Linear) -> Heads:
    """Two numbers a token: the mean tells sentiment and relevance, the first token a stage."""
    given = {
        "sentiment": Linear(np.array([[-1.0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]), np.zeros(3)),
        "targeted": Linear(np.array([[0.0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]), np.zeros(3)),
        "stages": Linear(np.outer(np.arange(7) == 4, [0.0, 0, 1, 0]), np.zeros(7)),
        "relevance": Linear(np.array([[0.0, 1, 0, 0]]), np.zeros(1)),
        "embedding": Linear(np.eye(2), np.zeros(2)),
    }
    return Heads(**(given | changes), thresholds=np.full(7, 0.6))


def test_the_heads_are_linear_with_softmax_and_sigmoid() -> None:
    found = _heads().verdict(np.array([2.0, -1.0, 1.0, 0.0], np.float32), targeted=False, relevance=True)
    assert found.sentiment == "positive"
    assert found.p == pytest.approx(np.exp([-2, 0, 2]) / np.exp([-2, 0, 2]).sum(), abs=1e-3)
    assert found.relevance == pytest.approx(1 / (1 + np.e), abs=1e-3)
    assert found.stages == ("use",)
    assert found.stage_p == (0.5, 0.5, 0.5, 0.5, 0.731, 0.5, 0.5)


def test_the_sentiment_toward_a_target_has_its_own_line() -> None:
    found = _heads().verdict(np.array([2.0, 0.0, 0.0, 0.0], np.float32), targeted=True, relevance=False)
    assert found.sentiment == "neutral"
    assert found.p == pytest.approx(np.exp([0, 2, 0]) / np.exp([0, 2, 0]).sum(), abs=1e-3)


def test_relevance_is_not_told_when_not_asked_for() -> None:
    assert _heads().verdict(np.zeros(4, np.float32), targeted=True, relevance=False).relevance is None


def test_places_have_length_one() -> None:
    place = _heads().place(np.array([3.0, 4.0, 9.0, 9.0], np.float32))
    assert place == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize(
    ("head", "wrong"),
    [
        ("sentiment", Linear(np.zeros((2, 4)), np.zeros(2))),
        ("targeted", Linear(np.zeros((4, 4)), np.zeros(4))),
        ("stages", Linear(np.zeros((6, 4)), np.zeros(6))),
        ("relevance", Linear(np.zeros((2, 4)), np.zeros(2))),
    ],
)
def test_heads_with_the_wrong_number_of_answers_are_refused(head: str, wrong: Linear) -> None:
    with pytest.raises(ValueError, match="are needed"):
        _heads(**{head: wrong})


def test_a_weight_and_a_bias_must_fit() -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        Linear(np.zeros((3, 4)), np.zeros(4))
