"""What training starts from: the pruned tokenizer and encoder, and where the untouched encoder puts some texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from classifiers.train import released, source, tune, vocabulary
from classifiers.train.data import SENTIMENT, TARGETED, Example
from classifiers.train.network import Network, start

TAUGHT: Final = 20
"""Every twentieth English tweet, and every second of the others, keep the embedding near where it was."""


def prepare(
    everything: Sequence[Example], work: Path, release: Path | None = None
) -> tuple[Network, Tokenizer, dict[str, Tensor]]:
    """The network before training, its tokenizer, and the teacher's vectors by text; kept in `work`.

    With the folder of a `release`, its words and its weights.
    """
    whole = source.read(source.shipped_file())
    training = [e for e in everything if e.split == "train" and e.source in (*SENTIMENT, *TARGETED)]
    if not (work / "kept.npy").exists():
        texts = [e.text for e in training]
        kept = released.pieces(release, whole.pieces) if release else vocabulary.choose(whole.pieces, texts)
        np.save(work / "kept.npy", kept)
    kept = np.load(work / "kept.npy")
    tokenizer = vocabulary.tokenizer([whole.pieces[i] for i in kept])
    torch.manual_seed(tune.SEED)
    network = start(whole, kept)
    teacher = _teacher(network, tokenizer, training, work / "teacher.pt")
    if release:
        released.load(network, release)
    return network, tokenizer, teacher


def _teacher(network: Network, tokenizer: Tokenizer, training: Sequence[Example], path: Path) -> dict[str, Tensor]:
    if not path.exists():
        english = [e.text for e in training if e.source == "en_semeval2017"][::TAUGHT]
        others = [e.text for e in training if e.source.endswith("_umsab")][::2]
        torch.save(tune.embed(network, tokenizer, [*english, *others], "teacher"), path)
    return dict(torch.load(path, weights_only=True))


def unpruned(tuned: Network, work: Path) -> tuple[Network, Tokenizer]:
    """The tuned network with all words of the source, to measure what pruning costs. Words that pruning left out are as
    the source has them."""
    whole = source.read(source.shipped_file())
    network = start(whole, np.arange(len(whole.pieces)))
    words = network.words.weight.detach().clone()
    words[torch.from_numpy(np.load(work / "kept.npy"))] = tuned.words.weight.detach()
    network.load_state_dict({**tuned.state_dict(), "words.weight": words})
    return network.eval(), vocabulary.tokenizer(whole.pieces)
