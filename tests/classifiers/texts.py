"""The shipped model, and texts to feed it: made here, so that the tests need no data."""

from __future__ import annotations

import itertools
import random

from classifiers import load
from classifiers.load import SHIPPED
from classifiers.transformer import TransformerClassifier

_PARTS = {
    "en": (["I love", "I really hate", "We bought", "Nobody needs"], ["this phone", "the new update", "their coffee"]),
    "es": (["Me encanta", "Odio de verdad", "Hemos comprado", "Nadie necesita"], ["este móvil", "la app", "su café"]),
    "pt": (["Adoro", "Odeio muito", "Comprámos", "Ninguém precisa de"], ["este telemóvel", "esta cerveja", "o café"]),
    "fr": (
        ["J'adore", "Je déteste", "On a acheté", "Personne ne veut"],
        ["ce téléphone", "la mise à jour", "leur café"],
    ),
    "de": (
        ["Ich liebe", "Ich hasse", "Wir kauften", "Niemand braucht"],
        ["dieses Handy", "das neue Update", "den Kaffee"],
    ),
    "it": (["Adoro", "Odio davvero", "Abbiamo comprato", "A nessuno serve"], ["questo telefono", "la app", "il caffè"]),
}
_TAILS = ["", "!!", " 😀", " 😡😡", " #fail", " @someone http://t.co/abc", "...", " 10/10", " lol", " ¿no?", " — 5 €"]


def make_texts(count: int, seed: int = 0) -> list[str]:
    """`count` different posts of 2 to some 150 words in six languages."""
    pick = random.Random(seed)
    texts: dict[str, None] = {}
    for number in itertools.count():
        starts, things = _PARTS[pick.choice(list(_PARTS))]
        phrases = pick.choice([1, 1, 1, 2, 2, 3, 5, 30 if number % 50 == 0 else 1])
        words = ", ".join(f"{pick.choice(starts)} {pick.choice(things)}" for _ in range(phrases))
        texts[f"{words} {pick.randrange(1000)}{pick.choice(_TAILS)}"] = None
        if len(texts) == count:
            return list(texts)
    raise AssertionError("the loop above has no other end")


def shipped(threads: int, cache_size: int = 0) -> TransformerClassifier:
    """Without a cache unless asked for: every answer is computed."""
    made = load(str(SHIPPED), threads=threads, cache_size=cache_size)
    assert isinstance(made, TransformerClassifier)
    return made
