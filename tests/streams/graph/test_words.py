"""The words of a circle: in six languages, of people rather than of posts, and never of fewer than three."""

from __future__ import annotations

import math
from random import Random

import pytest

from streams.graph.stop_words import STOP_WORDS
from streams.graph.words import MOST, SAID_BY, plain, telling, words_in


def test_words_without_links_handles_numbers_and_filler() -> None:
    text = (
        "The @someone.bsky.social https://example.org/path?battery=1 www.screen.com BATTERY, battery! 2024 x1 #Pantalla"
    )
    assert words_in(text) == {"battery": "BATTERY", "pantalla": "Pantalla"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I think they should really have the battery", {"battery"}),
        ("También quiero que la batería esté aquí", {"bateria"}),
        ("Eu também não sei onde está a tela", {"tela"}),
        ("C'est très bien, mais où est la mémoire ?", {"memoire"}),
        ("Ich möchte für über dreißig Euro das Gehäuse", {"dreissig", "euro", "gehause"}),
        ("Perché non c'è più la custodia?", {"custodia"}),
        ("Батарея 充電池です", {"батарея", "充電池です"}),
    ],
)
def test_six_languages_and_others(text: str, kept: set[str]) -> None:
    assert set(words_in(text)) == kept


def test_stop_words_are_written_as_they_are_compared() -> None:
    assert [word for word in STOP_WORDS if plain(word) != word or not word.isalpha()] == []
    assert len(STOP_WORDS) > 1_000


def test_scores_are_those_of_the_definition() -> None:
    random, names = Random(1), ["camera", "speaker", "charger", "window", "garden", "bicycle"]
    texts = [(n % 3, n % 20, " ".join(random.choices(names[n % 3 :], k=4))) for n in range(200)]
    used = {(circle, author, word) for circle, author, text in texts for word in text.split()}
    count = {
        (circle, word): len({a for c, a, w in used if (c, w) == (circle, word)})
        for circle in range(3)
        for word in names
    }
    mean = sum(count.values()) / 3
    found = telling(texts)
    for circle, words in found.items():
        whole = sum(count[circle, word] for word in names)
        for each in words:
            n = count[circle, each.word]
            score = n / whole * math.log(1 + mean / sum(count[c, each.word] for c in range(3)))
            assert each.authors == n
            assert each.score == pytest.approx(score, abs=1e-6)
        assert [w.score for w in words] == sorted((w.score for w in words), reverse=True)


def test_what_others_say_too_tells_less() -> None:
    texts = [(circle, author, "update") for circle in (0, 1) for author in range(9)]
    texts += [(0, author, "battery") for author in range(9)] + [(1, author, "garden") for author in range(9)]
    found = telling(texts)
    assert [word.word for word in found[0]] == ["battery", "update"]
    assert [word.word for word in found[1]] == ["garden", "update"]


def test_a_word_of_two_people_is_nobodys() -> None:
    """However often they say it."""
    texts = [(0, author % 2, "secret") for author in range(50)]
    texts += [(0, author, "public") for author in range(SAID_BY)]
    assert [word.word for word in telling(texts)[0]] == ["public"]


def test_one_loud_person_does_not_make_the_words() -> None:
    texts = [(0, author, "battery") for author in range(6)] + [(0, author, "screen") for author in range(4)]
    texts += [(0, 0, "screen")] * 500
    assert [word.word for word in telling(texts)[0]] == ["battery", "screen"]


def test_at_most_so_many_and_in_any_order() -> None:
    texts = [(0, author, f"{letter * 5}") for letter in "abcdefghijklmnop" for author in range(4)]
    found = telling(texts)
    assert len(found[0]) == MOST
    assert telling(Random(2).sample(texts, len(texts))) == found


def test_the_brands_own_words_are_left_out() -> None:
    texts = [(0, author, "Fairphone battery") for author in range(5)]
    assert [word.word for word in telling(texts, {"fairphone"})[0]] == ["battery"]


def test_the_spelling_that_is_used_most() -> None:
    texts = [(0, author, "batería") for author in range(4)] + [(0, 9, "bateria")]
    assert [(word.word, word.authors) for word in telling(texts)[0]] == [("batería", 5)]
