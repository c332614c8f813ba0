"""The network that is trained: multilingual-e5-small (Wang et al. 2024) with pruned words and four heads, in torch.

Post-norm transformer layers as in BERT (Devlin et al. 2019). Kept by hand, in the names of the source file, since the
ONNX graph (`graph.py`) is written weight by weight from it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from classifiers.base import LABELS, STAGES
from classifiers.text import MENTION, TARGET
from classifiers.train.source import Source

POSITIONS = 512
KINDS = 3
"""Of tokens: the text's, the target's, and those of the text that name the target."""
DROPOUT = 0.1


class Answers(NamedTuple):
    """Scores before sigmoid or softmax."""

    sentiment: Tensor
    """(texts, 3)."""
    stages: Tensor
    """(texts, 7)."""
    relevance: Tensor
    """(texts,)."""
    embedding: Tensor
    """(texts, hidden): where the text stood in the encoder before it was tuned."""


class TextDropout(nn.Module):
    """One mask for all tokens of a text (Gal & Ghahramani 2016): random numbers are a sixth of the time otherwise."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        mask = torch.rand(x.shape[0], 1, x.shape[2]) >= DROPOUT
        return x * (mask / (1 - DROPOUT)).to(x.dtype)


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, hidden: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.ao = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.fi, self.fo = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.aln, self.oln = nn.LayerNorm(hidden, epsilon), nn.LayerNorm(hidden, epsilon)
        self.dropout = TextDropout()

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """`x` (texts, tokens, hidden); `real` (texts, 1, 1, tokens) is false for padding."""
        texts, tokens, hidden = x.shape
        q, k, v = self.qkv(x).view(texts, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        # By hand: for 30 tokens torch's fused attention takes six times as long on a CPU, most of it backward.
        scores = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(~real, -1e4)
        attended = scores.softmax(-1).to(v.dtype) @ v
        attended = attended.transpose(1, 2).reshape(texts, tokens, hidden)
        x = self.aln(x + self.dropout(self.ao(attended)))
        return self.oln(x + self.dropout(self.fo(functional.gelu(self.fi(x)))))


class Network(nn.Module):
    """Encoder and heads."""

    def __init__(self, words: int, hidden: int, layers: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.words = nn.Embedding(words, hidden, sparse=True)
        self.places, self.kinds = nn.Embedding(POSITIONS, hidden), nn.Embedding(KINDS, hidden)
        self.ln = nn.LayerNorm(hidden, epsilon)
        self.layers = nn.ModuleList(Layer(hidden, heads, epsilon) for _ in range(layers))
        self.spread, self.dropout = TextDropout(), nn.Dropout(DROPOUT)
        self.sentiment = nn.Linear(3 * hidden, len(LABELS))
        self.stages = nn.Linear(3 * hidden, len(STAGES))
        self.relevance = nn.Linear(3 * hidden, 1)
        self.embedding = nn.Linear(hidden, hidden)
        nn.init.eye_(self.embedding.weight)
        nn.init.zeros_(self.embedding.bias)

    def encode(self, ids: Tensor, kinds: Tensor, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean over the text's tokens, the first token, and the mean where the text names the target: each (texts,
        hidden). A text that does not name it has the mean of the text there.

        `kinds` (texts, tokens) is `TARGET` for the tokens of the target, which are not part of the means; `real` is
        false for padding.
        """
        x = self.words(ids) + self.places.weight[: ids.shape[1]] + self.kinds(kinds)
        x = self.spread(self.ln(x))
        for layer in self.layers:
            x = layer(x, real[:, None, None])
        text, named = real & (kinds != TARGET), kinds == MENTION
        return _mean(x, text), x[:, 0], _mean(x, torch.where(named.any(1, keepdim=True), named, text))

    def forward(self, ids: Tensor, kinds: Tensor, real: Tensor) -> Answers:
        mean, first, named = self.encode(ids, kinds, real)
        wide = self.dropout(torch.cat([mean, first, named], dim=1))
        return Answers(self.sentiment(wide), self.stages(wide), self.relevance(wide)[:, 0], self.embedding(mean))


def _mean(x: Tensor, chosen: Tensor) -> Tensor:
    """(texts, hidden), over the chosen tokens of `x` (texts, tokens, hidden)."""
    weights = chosen.to(x.dtype)[:, :, None]
    return (x * weights).sum(1) / weights.sum(1)


def start(source: Source, kept: np.ndarray) -> Network:
    """The source's weights, with the words of `kept`; the heads begin at random (seed torch first)."""
    network = Network(len(kept), source.hidden, source.layers, source.heads, source.epsilon)
    state = network.state_dict()
    state["words.weight"] = torch.from_numpy(source.matrices["emb.word"].take(kept).values())
    state["places.weight"] = _floats(source, "emb.pos").view(-1, source.hidden)
    kinds = _floats(source, "emb.type").view(-1, source.hidden)
    state["kinds.weight"] = torch.cat([kinds, kinds[:1]])  # what names the target begins as the rest of the text
    state["ln.weight"], state["ln.bias"] = _floats(source, "emb.ln.w"), _floats(source, "emb.ln.b")
    for i in range(source.layers):
        state |= _layer(source, i)
    network.load_state_dict(state)
    return network


def _layer(source: Source, i: int) -> dict[str, Tensor]:
    ours, theirs = f"layers.{i}.", f"l{i}."
    matrices = {
        name: torch.from_numpy(source.matrices[f"{theirs}{name}.w"].values()) for name in (*"qkv", "ao", "fi", "fo")
    }
    state = {
        f"{ours}qkv.weight": torch.cat([matrices[name] for name in "qkv"]),
        f"{ours}qkv.bias": torch.cat([_floats(source, f"{theirs}{name}.b") for name in "qkv"]),
    }
    for name in ("ao", "fi", "fo"):
        state |= {f"{ours}{name}.weight": matrices[name], f"{ours}{name}.bias": _floats(source, f"{theirs}{name}.b")}
    for name in ("aln", "oln"):
        weight, bias = _floats(source, f"{theirs}{name}.w"), _floats(source, f"{theirs}{name}.b")
        state |= {f"{ours}{name}.weight": weight, f"{ours}{name}.bias": bias}
    return state


def _floats(source: Source, name: str) -> Tensor:
    return torch.from_numpy(source.floats[name].copy())
