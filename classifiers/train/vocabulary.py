"""Prunes the 250,002 pieces of XLM-R's tokenizer to the six languages served."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from importlib import import_module

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from classifiers.language import LANGUAGES

WORDS_PER_LANGUAGE = 60_000
SPECIALS = 4  # <s>, <pad>, </s>, <unk>: these ids stay


def tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """XLM-R's tokenizer over `pieces`, without limits or padding: the caller cuts and batches."""
    made = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return made


def choose(full: list[tuple[str, float]], posts: Iterable[str]) -> npt.NDArray[np.int64]:
    """Ids of the pieces to keep, ascending: those that common words, the posts, Latin letters and emoji use."""
    kept = set(range(SPECIALS))
    kept.update(i for i, (piece, _) in enumerate(full) if len(piece) == 1 and _wanted(piece))
    whole = tokenizer(full)
    for text in _chunks([*_common_words(), *posts]):
        for encoding in whole.encode_batch(text):
            kept.update(encoding.ids)
    return np.array(sorted(kept), dtype=np.int64)


def _common_words() -> Iterator[str]:
    wordfreq = import_module("wordfreq")  # only here: nothing else, tests included, needs it installed
    for language in LANGUAGES:
        for word in wordfreq.top_n_list(language, WORDS_PER_LANGUAGE):
            yield word
            yield word.capitalize()


def _wanted(character: str) -> bool:
    name = unicodedata.name(character, "")
    return "LATIN" in name or unicodedata.category(character) in {"So", "Sk", "Sc", "Sm", "Po", "Nd"}


def _chunks(texts: list[str], size: int = 10_000) -> Iterator[list[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
