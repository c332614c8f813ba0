"""Correcting for the classifier: right on average, honest about its uncertainty, silent where it cannot know."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import numpy as np
import pytest

from config.schema import Views
from streams.records import SENTIMENTS, Author, Entry
from streams.views.asked import Asked, Confusion
from streams.views.correction import correct, problem
from streams.views.frame import Frame
from streams.views.sentiment import Corrected, Opinions, sentiment
from tests.streams.views.generate import T0, author, entry, frame_of

GOOD: Confusion = ((700, 200, 100), (250, 600, 150), (50, 150, 800))
TRUTH = np.array([0.5, 0.3, 0.2])


def test_it_inverts_the_confusion() -> None:
    matrix = np.array(GOOD) / 1_000
    assert correct(GOOD, TRUTH @ matrix * 10_000) == pytest.approx(TRUTH)


def test_it_stays_on_the_simplex() -> None:
    shares = correct(GOOD, np.array([100.0, 0.0, 0.0]))
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("confusion", "why"),
    [
        (((700, 200, 100), (250, 600, 150), (5, 5, 5)), "fewer than"),
        (((400, 300, 300), (350, 350, 300), (300, 300, 400)), "confuses"),
        (((1, 2), (3, 4)), "3 x 3"),
        (((-1, 200, 100), (250, 600, 150), (50, 150, 800)), "3 x 3"),
        (((float("nan"), 200, 100), (250, 600, 150), (50, 150, 800)), "3 x 3"),
    ],
)
def test_what_cannot_be_inverted_says_why(confusion: Confusion, why: str) -> None:
    assert why in (problem(confusion) or "")
    answer = sentiment(frame_of(talk(300, Random(1))).rows(), Asked(Views(), {"en": confusion})).corrected
    assert answer.insufficient
    assert answer.net is None
    assert why in (answer.unavailable or "")


def talk(authors: int, random: Random, lang: str = "en") -> list[Entry]:
    """Everybody writes one to three posts of their own leaning; a classifier with the errors of `GOOD` reads them."""
    entries: list[Entry] = []
    for number in range(authors):
        true = random.choices(range(3), TRUTH.tolist())[0]
        for _ in range(random.randint(1, 3)):
            answer = random.choices(SENTIMENTS, GOOD[true])[0]
            entries.append(entry(len(entries), ms=number, author=author(number + 5), sentiment=answer, lang=lang))
    return entries


def corrected(entries: list[Entry], **confusion: Confusion) -> Corrected:
    return sentiment(frame_of(entries).rows(), Asked(Views(bootstrap=100), confusion)).corrected


def test_it_comes_closer_to_the_truth_and_its_interval_holds_it() -> None:
    """400 seeded conversations; the matrix is itself measured on a sample of 300, anew for each."""
    random, draw, truth = Random(5), np.random.default_rng(5), float(TRUTH[2] - TRUTH[0])
    held, raw, better = 0, [], []
    for _ in range(400):
        measured = tuple(tuple(int(n) for n in draw.multinomial(100, np.array(row) / 1_000)) for row in GOOD)
        answer = sentiment(frame_of(talk(60, random)).rows(), Asked(Views(bootstrap=200), {"en": measured}))
        assert answer.net is not None
        assert answer.corrected.net is not None
        assert answer.corrected.interval is not None
        low, high = answer.corrected.interval
        held += low <= truth <= high
        raw.append(answer.net)
        better.append(answer.corrected.net)
    assert abs(np.mean(better) - truth) < 0.02 < abs(np.mean(raw) - truth)
    assert 0.93 <= held / 400 <= 0.98


def test_only_measured_languages_are_corrected() -> None:
    english, french = talk(100, Random(1)), talk(100, Random(2), lang="fr")
    moved = [_renamed(e, number) for number, e in enumerate(french)]
    answer = corrected([*english, *moved], en=GOOD)
    assert answer == corrected(english, en=GOOD)
    assert (answer.posts, answer.languages) == (len(english), ("en",))
    both = corrected([*english, *moved], en=GOOD, fr=GOOD)
    assert both.posts == len(english) + len(french)
    assert both.net == pytest.approx(_pooled(answer, corrected(moved, fr=GOOD)))


def test_a_language_measured_on_too_few_posts_leaves_the_others_alone() -> None:
    """The shipped model may lack a language, or have hardly been measured in it."""
    few: Confusion = ((700, 200, 100), (250, 600, 150), (5, 5, 5))
    english, french = talk(100, Random(1)), talk(100, Random(2), lang="fr")
    moved = [_renamed(e, number) for number, e in enumerate(french)]
    assert corrected([*english, *moved], en=GOOD, fr=few) == corrected(english, en=GOOD)
    assert corrected(moved, en=GOOD).insufficient


def _renamed(e: Entry, number: int) -> Entry:
    assert e.post.author is not None
    who = Author(id=e.post.author.id + "f")
    return entry(10_000 + number, author=who, sentiment=e.sentiment, lang="fr", created_at=T0 + timedelta(seconds=1))


def _pooled(one: Corrected, other: Corrected) -> float:
    assert one.net is not None
    assert other.net is not None
    return (one.net * one.posts + other.net * other.posts) / (one.posts + other.posts)


def test_without_a_matrix_it_says_so() -> None:
    answer = corrected(talk(50, Random(1)))
    assert answer.unavailable == "the classifier's errors were not measured"
    empty = sentiment(Frame(()).rows(), Asked(Views(), {"en": GOOD})).corrected
    assert (empty.posts, empty.unavailable, empty.insufficient) == (0, None, True)


def test_one_loud_author_is_one_source_of_opinion() -> None:
    """The same counts: from fifty people, or nearly all from one. The second interval must say it knows little."""
    many = [entry(n, ms=n, by=5 + n % 50, sentiment=SENTIMENTS[2 * (n % 3 > 0)]) for n in range(300)]
    loud = [entry(n, ms=n, by=5 + (n if n < 9 else 9), sentiment=SENTIMENTS[2 * (n % 3 > 0)]) for n in range(300)]
    wide, narrow = (sentiment(frame_of(e).rows(), Asked(Views(bootstrap=200))) for e in (loud, many))
    assert wide.net == narrow.net
    assert wide.interval is not None
    assert narrow.interval is not None
    assert Opinions(frame_of(loud).rows(), ()).clusters < 1.1
    assert wide.interval[1] - wide.interval[0] > narrow.interval[1] - narrow.interval[0]
