"""Telling the six languages apart, and saying nothing when nothing can be said."""

from __future__ import annotations

import pytest

from classifiers.language import detect

SENTENCES = {
    "en": "The battery of my new phone lasts the whole day and I really like that",
    "es": "La batería de mi nuevo móvil dura todo el día y eso me gusta mucho",
    "pt": "A bateria do meu novo telemóvel dura o dia inteiro e eu gosto muito disso",
    "fr": "La batterie de mon nouveau téléphone tient toute la journée et ça me plaît",
    "de": "Der Akku meines neuen Handys hält den ganzen Tag und das gefällt mir sehr",
    "it": "La batteria del mio nuovo telefono dura tutto il giorno e mi piace molto",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_six_languages(language: str) -> None:
    assert detect(SENTENCES[language]) == language


@pytest.mark.parametrize("language", SENTENCES)
def test_handles_links_and_hashtags_are_no_evidence(language: str) -> None:
    assert detect(f"@TheBestOfEngland #greatnews {SENTENCES[language]} https://this.is.the/english/news") == language


@pytest.mark.parametrize(
    "text", ["", "ok", "jaja", "😀" * 50, "12345 67890 12345", "#onlytags @and_handles http://x.y"]
)
def test_too_little_to_tell(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Dit is een heel goed product en ik ben er erg blij mee",
        "Bu ürün çok güzel, herkese tavsiye ederim",
        "To jest bardzo dobry produkt, polecam wszystkim",
        "これはとても良い製品です、おすすめですよ、みなさん",
        "Это очень хороший продукт, всем советую",
    ],
)
def test_other_languages_are_not_taken_for_a_served_one(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize("text", ["\x00" * 100, "a\ud800" * 100, "x" * 1_000_000, "\udfff" * 100])
def test_hostile_texts_do_not_break_it(text: str) -> None:
    assert detect(text) in (None, *SENTENCES)
