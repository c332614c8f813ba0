"""Classifying: order, cache, hostile input, cancelling, closing, and an event loop that stays free."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from classifiers import LABELS, Request, Verdict
from classifiers.base import STAGES
from classifiers.pooled import WINDOW
from classifiers.text import MAX_CHARACTERS
from classifiers.transformer import BLANK, TransformerClassifier
from tests.classifiers.texts import make_texts, shipped

HOSTILE = [
    "", " \n\t ", "\x00", "a\x00b\x00c", "\ud800", "half \udfff of a pair", "\ufeff\u200b\u200d",
    "\u202eabc", "é" * 500, "e\u0301" * 500, "😀" * 3000, "a" * 1_000_000, "word " * 200_000, "\n" * 1_000_000,
    "@" * 5000, "http://" * 5000, "日本語のテキスト", "🏳️‍🌈👩‍👩‍👧‍👦",
    "<s></s><pad><unk><mask>", "\U0010ffff", "-" * 9999, "0" * 9999, "ﷺ" * 2000,
]  # fmt: skip


async def _one(model: TransformerClassifier, text: str) -> Verdict:
    (verdict,) = await model.classify([Request(text)])
    assert verdict is not None
    return verdict


def _check(verdict: Verdict | None) -> None:
    assert verdict is not None
    assert round(sum(verdict.p), 9) == 1
    assert all(0 <= share <= 1 and round(share, 3) == share for share in verdict.p)
    assert verdict.sentiment == LABELS[verdict.p.index(max(verdict.p))]
    assert len(verdict.stage_p) == len(STAGES)
    assert all(0 <= share <= 1 and round(share, 3) == share for share in verdict.stage_p)
    assert set(verdict.stages) <= set(STAGES)


async def test_hostile_texts_get_a_verdict(model: TransformerClassifier) -> None:
    for verdict in await model.classify([Request(text) for text in HOSTILE]):
        _check(verdict)


async def test_a_hostile_neighbour_changes_nothing(model: TransformerClassifier) -> None:
    text = "The new phone is great"
    mixed = await model.classify([Request(t) for t in [*HOSTILE, text]])
    assert mixed[-1] == await _one(model, text)


async def test_answers_keep_the_order_of_the_requests(model: TransformerClassifier) -> None:
    texts = make_texts(60, seed=3)
    together = await model.classify([Request(text) for text in texts])
    assert together == [await _one(model, text) for text in texts]


async def test_no_requests_no_verdicts(model: TransformerClassifier) -> None:
    assert await model.classify([]) == []


async def test_a_text_without_content_is_neutral(model: TransformerClassifier) -> None:
    assert await _one(model, " \n\x00") == BLANK


async def test_the_declared_language_does_not_change_the_answer(model: TransformerClassifier) -> None:
    plain, told = await model.classify([Request("I like it", "Acme"), Request("I like it", "Acme", lang="en")])
    assert plain == told


async def test_relevance_is_told_where_the_target_is_described(model: TransformerClassifier) -> None:
    """The same words for the model, yet only one of them is a description: neither answer may come from the cache."""
    cached = shipped(threads=1, cache_size=10)
    for _ in range(2):
        named, described = await cached.classify(
            [Request("my orange bill", "Orange: telecom"), Request("my orange bill", "Orange", about="telecom")]
        )
        assert named is not None and described is not None
        assert named.relevance is None
        assert described.relevance is not None
        assert named.p == described.p
    await cached.close()


async def test_one_text_two_brands() -> None:
    model = shipped(threads=1, cache_size=10)
    text = "I love my Fairphone, my Samsung was a disaster"
    good, bad, again = await model.classify(
        [Request(text, "Fairphone"), Request(text, "Samsung"), Request(text, "Fairphone")]
    )
    assert good is not None and bad is not None
    assert (good.sentiment, bad.sentiment) == ("positive", "negative")
    assert again == good
    assert model.judged == 2
    await model.close()


async def test_embeddings_are_alike_for_like_matters_and_the_same_in_any_company(model: TransformerClassifier) -> None:
    texts = [
        "The battery of my phone dies by noon",
        "phone battery empty after half a day",
        "We baked bread all Sunday",
        "",
    ]
    found = await model.embed(texts)
    assert np.allclose(np.linalg.norm(found[:3], axis=1), 1, atol=1e-6)
    assert not found[3].any()
    assert found[0] @ found[1] > found[0] @ found[2] + 0.01, "e5's cosines all lie near 1; their order counts"
    assert np.array_equal((await model.embed(make_texts(50, seed=9) + texts))[50:], found)
    assert (await model.embed([])).shape == (0, found.shape[1])


async def test_handles_and_links_do_not_change_the_answer(model: TransformerClassifier) -> None:
    one = await _one(model, "thanks @anna, https://a.example/1 helped")
    assert one == await _one(model, "thanks @bob.bsky.social, https://b.example/2?q=1 helped")


async def test_long_texts_are_judged_by_their_head_and_counted() -> None:
    model = shipped(threads=1)
    words = "nice day " * 200
    assert len(words) < MAX_CHARACTERS
    assert await _one(model, words) == await _one(model, words + "awful")
    assert (model.judged, model.truncated) == (2, 2)
    await model.close()


async def test_a_repeated_text_is_computed_once() -> None:
    model = shipped(threads=1, cache_size=100)
    first = await model.classify([Request("What a mess")] * 5)
    again = await model.classify([Request("What  a mess ")])
    assert model.judged == 1
    assert {*first, *again} == {first[0]}
    await model.close()


async def test_the_cache_stays_within_its_size() -> None:
    model = shipped(threads=1, cache_size=10)
    texts = make_texts(25, seed=4)
    for text in texts:
        await _one(model, text)
    await model.classify([Request(text) for text in texts[-10:]])
    assert model.judged == 25, "the last ten were remembered"
    await _one(model, texts[0])
    assert model.judged == 26, "the first was not"
    await model.close()


async def test_the_event_loop_stays_free_while_a_batch_runs(model: TransformerClassifier) -> None:
    """Other tasks get many turns while seconds of work are under way; in a blocked loop they would get one or two."""
    work = asyncio.ensure_future(model.classify([Request(text) for text in make_texts(400, seed=5)]))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 20
    assert len(await work) == 400


async def test_cancelling_leaves_the_classifier_usable(model: TransformerClassifier) -> None:
    texts = make_texts(WINDOW, seed=6)
    task = asyncio.ensure_future(model.classify([Request(text) for text in texts]))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = model.judged
    assert len(await model.classify([Request(text) for text in texts])) == WINDOW
    assert model.judged > before, "cancelling did not wait for the whole window"
    _check(await _one(model, texts[0]))


async def test_what_was_computed_before_a_cancel_is_remembered() -> None:
    model = shipped(threads=1, cache_size=1000)
    task = asyncio.ensure_future(model.classify([Request(text) for text in make_texts(200, seed=7)]))
    while not len(model.cache):
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 < len(model.cache) <= 200
    await model.close()


async def test_after_close_it_says_so() -> None:
    model = shipped(threads=1)
    await model.close()
    await model.close()
    with pytest.raises(RuntimeError, match="closed"):
        await model.classify([Request("hello")])


PLAIN = {
    "positive": [
        "I absolutely love this phone, best purchase ever!",
        "Great service, thank you so much, highly recommended",
        "Me encanta este móvil, es lo mejor que he comprado",
        "Excelente atención, muchas gracias, todo perfecto",
        "Que maravilla, estoy muy feliz con mi compra",
        "So happy today, what a wonderful surprise!",
    ],
    "negative": [
        "Worst customer service ever, I am so angry",
        "This is terrible, it broke after two days, avoid",
        "Qué asco de servicio, no vuelvo a comprar aquí",
        "Es una estafa, muy mala calidad, estoy harto",
        "El peor producto del mundo, una vergüenza",
        "I hate this update, everything is broken and useless",
    ],
    "neutral": [
        "The store opens at nine on Monday",
        "The company will present its quarterly report on Thursday",
        "La tienda abre el lunes a las nueve",
        "La empresa presentará su informe trimestral el jueves",
    ],
}


@pytest.mark.parametrize("sentiment", PLAIN)
async def test_plain_sentences_in_english_and_spanish(model: TransformerClassifier, sentiment: str) -> None:
    answers = await model.classify([Request(text) for text in PLAIN[sentiment]])
    wrong = [t for t, v in zip(PLAIN[sentiment], answers, strict=True) if v is None or v.sentiment != sentiment]
    assert not wrong
