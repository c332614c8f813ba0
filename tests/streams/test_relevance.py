"""A word is not yet a brand: what the classifier finds to mean something else does not belong, whatever happens."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from benchmarks.oracle import belonging, final_posts, not_meant, question
from classifiers.null import NullClassifier
from config.schema import Config
from streams.meaning import Arrival, Meaning
from streams.metrics import NOT_MEANT
from streams.records import Author, Entry, Post
from streams.terms import Terms
from tests.streams.histories import post, random_history
from tests.streams.matching import Around, FruitClassifier, verdict

BRANDS = (
    {
        "name": "apple",
        "description": "Maker of phones",
        "terms": ["apple"],
        "hashtags": ["apple"],
        "handles": ["apple.com"],
        "domains": ["apple.com"],
        "own": ["t:apple"],
    },
    {"name": "pear", "description": "Maker of bags", "terms": ["pear"]},
    {"name": "plum", "terms": ["plum"]},
)
TEXTS = (
    "x",
    "what next",
    "my apple",
    "apple fruit",
    "apple fruit in a pear",
    "pear fruit beside my apple",
    "apple fruit and pear fruit",
    "a plum fruit",
    "@apple.com sells no apple fruit",
)


def settings(partitions: int = 1, **match: Any) -> Config:
    """Two brands that are described, and one that is not."""
    match = {"relevance": 0.5} | match
    return Config.model_validate({"brands": BRANDS, "kafka": {"posts_partitions": partitions}, "match": match})


def belongs(around: Around) -> set[tuple[str, str]]:
    """(brand, post id) of every entry."""
    return set(around.entries())


async def test_the_fruit_does_not_belong_and_opens_no_thread(tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    await around.feed(
        post(1, "an apple fruit"),
        post(2, "so tasty", reply_to="t:1", thread="t:1"),
        post(3, "but my apple rings", reply_to="t:1", thread="t:1"),
        post(4, "mine too", reply_to="t:3", thread="t:1"),
        post(5, "and an apple fruit for lunch", reply_to="t:3", thread="t:1"),
    )
    via = {post_id: entry.via for (_, post_id), entry in around.entries().items()}
    assert via == {"t:3": "name", "t:4": "thread", "t:5": "thread"}


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, False),
        ({"hashtags": ("apple",)}, False),
        ({"mentions": ("apple.com",)}, True),
        ({"links": ("https://www.apple.com/pie",)}, True),
        ({"author": Author("t:apple")}, True),
    ],
)
async def test_only_words_are_doubted(fields: dict[str, Any], counts: bool, tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    await around.feed(msgspec.structs.replace(post(1, "an apple fruit"), **fields))
    assert belongs(around) == ({("apple", "t:1")} if counts else set())


async def test_what_cannot_be_doubted_counts_as_meant(tmp_path: Path) -> None:
    """A brand without a description, and a threshold of 0: the classifier is asked for the sentiment alone."""
    around = Around(tmp_path / "a", settings())
    await around.feed(post(1, "plum fruit"))
    assert belongs(around) == {("plum", "t:1")}
    around = Around(tmp_path / "b", settings(relevance=0))
    await around.feed(post(1, "apple fruit"))
    assert belongs(around) == {("apple", "t:1")}
    assert [entry.relevance for entry in around.entries().values()] == [0.1]


@pytest.mark.parametrize(("least", "counts"), [(0.1, True), (0.101, False), (1, False)])
async def test_the_threshold_itself_is_enough(least: float, counts: bool, tmp_path: Path) -> None:
    around = Around(tmp_path, settings(relevance=least))
    await around.feed(post(1, "apple fruit"))
    assert bool(around.entries()) == counts


async def test_without_a_model_every_name_counts() -> None:
    config = settings()
    meaning = Meaning(config, Terms(config.brands), NullClassifier())
    arrival = meaning.arrival(post(1, "apple fruit"), 0, None)
    assert set(arrival.named) == {"apple"}
    assert arrival.doubts == []


async def test_a_model_that_does_not_judge_relevance_lets_every_name_count() -> None:
    config = settings()
    classifier = FruitClassifier()
    meaning = Meaning(config, Terms(config.brands), classifier)
    arrival = Arrival(post(1, "apple fruit"), 0, {"apple": ("apple",)}, doubts=["apple"])

    async def silent(requests: Any) -> Any:
        return [msgspec.structs.replace(verdict(request), relevance=None) for request in requests]

    classifier.classify = silent  # type: ignore[method-assign]
    await meaning.decide([arrival])
    assert set(arrival.named) == {"apple"}
    assert arrival.readings["apple"].relevance is None


async def test_a_post_is_read_once_toward_a_brand_and_the_entry_holds_it_all(tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    root = post(1, "my apple beside a pear fruit")
    await around.feed(root, root, post(2, "nice", reply_to="t:1", thread="t:1"))
    await around.feed(root, msgspec.structs.replace(root, op="update", likes=3))
    asked = [(request.text, request.target, request.about) for request in around.classifier.asked]
    assert sorted(asked) == [
        ("my apple beside a pear fruit", "apple", "Maker of phones"),
        ("my apple beside a pear fruit", "pear", "Maker of bags"),
        ("nice", "apple", "Maker of phones"),
    ]
    entry = around.entries()["apple", "t:1"]
    assert (entry.sentiment, entry.relevance, entry.stages, entry.model) == ("positive", 0.9, ("use",), "fruit-1")
    assert entry.post.likes == 3


async def test_an_edit_is_judged_anew_both_ways(tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    root, answer = post(1, "an apple fruit"), post(2, "really?", reply_to="t:1", thread="t:1")
    await around.feed(root, answer)
    assert belongs(around) == set()
    await around.feed(msgspec.structs.replace(root, op="update", text="my apple"))
    assert belongs(around) == {("apple", "t:1"), ("apple", "t:2")}
    await around.feed(msgspec.structs.replace(root, op="update", text="my apple fruit"))
    assert belongs(around) == set()
    await around.feed(msgspec.structs.replace(root, op="update", text="my apple"), Post(id="t:1", op="delete"))
    assert belongs(around) == set()


async def test_forms_of_one_post_in_one_batch_are_each_judged(tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    forms = [msgspec.structs.replace(post(1, text), op="update") for text in ("my apple", "apple fruit")]
    await around.feed(forms[0])
    await around.feed(forms[1], forms[0])
    assert belongs(around) == {("apple", "t:1")}
    await around.feed(forms[0], forms[1])
    assert belongs(around) == set()


async def test_a_rebuild_asks_only_what_the_ledger_does_not_tell(tmp_path: Path) -> None:
    around = Around(tmp_path, settings())
    await around.feed(post(1, "my apple beside a pear fruit"), post(2, "nice", reply_to="t:1", thread="t:1"))
    around.classifier.asked.clear()
    await around.rebuild(0, 0, Random(1))
    assert [(request.text, request.target) for request in around.classifier.asked] == [
        ("my apple beside a pear fruit", "pear")
    ]
    await around.feed(post(3, "indeed", reply_to="t:1", thread="t:1"), Post(id="t:2", op="delete"))
    assert belongs(around) == {("apple", "t:1"), ("apple", "t:3")}


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({"relevance": None}, id="an older model did not judge it"),
        pytest.param({"relevance": 0.2}, id="the threshold was lower"),
        pytest.param({"relevance": None, "sentiment": None, "p": None}, id="there was no model"),
    ],
)
async def test_what_the_ledger_holds_by_name_was_meant(held: dict[str, Any], tmp_path: Path) -> None:
    """Whatever would be said of it today; or its entry would outlive the post when that is deleted."""
    around = Around(tmp_path, settings())
    await around.feed(post(1, "apple and pear"))
    for key, value in around.ledger.items():
        entry = msgspec.json.decode(value, type=Entry)
        changed = msgspec.structs.replace(entry, post=post(1, "apple fruit and pear fruit"), **held)
        around.ledger[key] = msgspec.json.encode(changed)
    await around.rebuild(0, 0, Random(1))
    await around.feed(Post(id="t:1", op="delete"))
    assert belongs(around) == set()


async def test_what_is_not_meant_is_counted(tmp_path: Path) -> None:
    before = NOT_MEANT.labels("pear")._value.get()
    around = Around(tmp_path, settings())
    await around.feed(post(1, "pear fruit"), post(2, "my pear"), post(3, "no pear fruit"))
    assert NOT_MEANT.labels("pear")._value.get() == before + 2


@pytest.mark.parametrize("seed", range(60))
async def test_any_history_ends_in_the_fixpoint_whatever_crashes_or_is_rebuilt(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    history = random_history(rng, TEXTS)
    around = Around(tmp_path, settings(partitions=3))
    rest = history
    while rest:
        size = rng.randrange(1, 6)
        batch, rest = rest[:size], rest[size:]
        around.fails = rng.choice(("", "", "before", "after"))
        await around.feed(*batch)
        if rng.random() < 0.15:
            number = rng.randrange(3)
            await around.rebuild(number, len(around.log[number]), rng)
    await holds_the_fixpoint(around, final_posts(history))


async def holds_the_fixpoint(around: Around, final: dict[str, Post]) -> None:
    """The entries are those of one clean pass over the final posts, each with what is said of it."""
    brands = {brand.name: brand for brand in around.config.brands}
    unmeant = await not_meant(final, around.config.brands, FruitClassifier(), 0.5)
    why = belonging(final, around.terms, unmeant)
    entries = around.entries()
    assert {key: entry.via for key, entry in entries.items()} == why
    for (brand, post_id), entry in entries.items():
        assert entry.post.text == final[post_id].text
        if not entry.post.repost_of:
            said = verdict(question(final[post_id], brands[brand]))
            assert (entry.sentiment, entry.p, entry.relevance) == (said.sentiment, said.p, said.relevance)
