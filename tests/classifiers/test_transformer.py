"""Classifying: order, cache, hostile input, cancelling, closing, and an event loop that stays free."""

from __future__ import annotations

import asyncio

import pytest

from classifiers import LABELS, Request, Verdict
from classifiers.text import MAX_CHARACTERS
from classifiers.transformer import BLANK, WINDOW, TransformerClassifier
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
    assert verdict.relevance is None
    assert verdict.stages == ()


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


async def test_target_and_language_do_not_change_the_answer(model: TransformerClassifier) -> None:
    plain, told = await model.classify([Request("I like it"), Request("I like it", target="Acme", lang="en")])
    assert plain == told


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
