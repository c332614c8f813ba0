"""A user's model reads: text, and perhaps target, to tokens."""

from __future__ import annotations

from typing import Final, NamedTuple

from tokenizers import Tokenizer

MAX_TOKENS: Final = 256
"""Longer posts are judged by their head, whatever the model could read: the time of a text grows with its length."""


class Tokens(NamedTuple):
    """One text, with its target before it when the model takes pairs."""

    ids: list[int]
    kinds: list[int]
    """Token types, as the tokenizer gives them: 0 and 1 for the two parts of a pair."""
    cut: bool
    """Whether the text was longer than the model reads."""


class Reader:
    """A tokenizer with the model's limit. Safe to call from several threads."""

    def __init__(self, tokenizer: Tokenizer, limit: int) -> None:
        self._tokenizer, self.limit = tokenizer, limit
        tokenizer.no_padding()
        tokenizer.enable_truncation(limit)  # the longer part of a pair is cut: the text

    def __call__(self, text: str, target: str | None) -> Tokens:
        """`text` alone, or the pair (target, text)."""
        found = self._tokenizer.encode(target, text) if target else self._tokenizer.encode(text)
        return Tokens(found.ids, found.type_ids, bool(found.overflowing))
