"""Fine-tunes all of the network, with a progress bar; an interrupted run goes on from its last checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from classifiers.train import mix
from classifiers.train.batches import Batch, batches
from classifiers.train.data import Example
from classifiers.train.network import Network

SEED: Final = 20261124
TOKENS: Final = 96
"""Longer examples are cut in training: few are, and compute grows with length."""
DECAY: Final = 0.01
CLIP: Final = 1.0
WORDS_RATE: Final = 0.5
"""The words' learning rate against the layers'."""
STAGES: Final = 1.5
EMBEDDING: Final = 0.3
"""What the losses of these heads weigh against the sentiment's."""
SAVE_EVERY: Final = 300.0
"""Seconds between checkpoints."""


def tune(
    network: Network,
    tokenizer: Tokenizer,
    everything: Sequence[Example],
    teacher: dict[str, Tensor],
    work: Path,
    first: int = 0,
) -> None:
    """Run what `work/checkpoint.pt` has not yet seen of the phases from `first` on; leaves the network in evaluation
    mode."""
    run = _Run(network, work / "checkpoint.pt")
    run.resume()
    for number, phase in enumerate(mix.PHASES):
        if max(run.phase, first) > number:
            continue
        run.begin(number, phase)
        chosen = mix.examples(phase, everything, SEED + number)
        rows = list(batches(chosen, tokenizer, TOKENS, SEED + number))
        with Progress() as bar:
            task = bar.add_task(phase.name, total=len(rows), completed=run.step)
            for batch in rows[run.step :]:
                loss = run.learn(batch, [teacher.get(chosen[i].text) for i in batch.embedding_rows], phase, len(rows))
                bar.update(task, advance=1, description=f"{phase.name}: loss {loss:.3f}")
        run.next_phase()
    network.eval()


class _Run:
    """The optimisers and how far they came."""

    def __init__(self, network: Network, path: Path) -> None:
        self.network, self._path = network, path
        self.phase = self.step = 0
        rest = [p for name, p in network.named_parameters() if name != "words.weight"]
        self._layers = torch.optim.AdamW(rest, lr=0.0, weight_decay=DECAY, fused=True)
        self._words = torch.optim.SparseAdam([network.words.weight], lr=1e-9)
        self._saved = time.monotonic()
        self._loss = 1.0

    def resume(self) -> None:
        if not self._path.exists():
            return
        state = torch.load(self._path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self._layers.load_state_dict(state["layers"])
        self._words.load_state_dict(state["words"])
        torch.set_rng_state(state["chance"])
        self.phase, self.step = state["phase"], state["step"]

    def begin(self, number: int, phase: mix.Phase) -> None:
        """Freeze what the phase leaves as it is."""
        self.phase = number
        low = [self.network.words, self.network.places, self.network.kinds, self.network.ln]
        for module in (*low, *self.network.layers):
            module.requires_grad_(True)
        for module in (*low, *self.network.layers[: phase.frozen]) if phase.frozen else ():
            module.requires_grad_(False)

    def learn(self, batch: Batch, teacher: list[Tensor | None], phase: mix.Phase, steps: int) -> float:
        """One step; returns the running mean of the loss."""
        self.network.train()
        self._rate(phase, steps)
        loss = _loss(self.network, batch, teacher, phase.relevance)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for g in self._layers.param_groups for p in g["params"]], CLIP)
        for optimiser in (self._layers, self._words):
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        if time.monotonic() - self._saved > SAVE_EVERY:
            self.save()
        self._loss += 0.01 * (float(loss.detach()) - self._loss)
        return self._loss

    def next_phase(self) -> None:
        self.phase, self.step = self.phase + 1, 0
        self.save()

    def save(self) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(), "layers": self._layers.state_dict(),
            "words": self._words.state_dict(),
            "chance": torch.get_rng_state(), "phase": self.phase, "step": self.step,
        }  # fmt: skip
        torch.save(state, self._path.with_suffix(".new"))
        self._path.with_suffix(".new").replace(self._path)
        self._saved = time.monotonic()

    def _rate(self, phase: mix.Phase, steps: int) -> None:
        along = self.step / steps
        rate = phase.rate_from + along * (phase.rate_to - phase.rate_from)
        if along < phase.warm_up:
            rate *= (self.step + 1) / (phase.warm_up * steps)
        for group in self._layers.param_groups:
            group["lr"] = rate
        for group in self._words.param_groups:
            group["lr"] = WORDS_RATE * rate


def _loss(network: Network, batch: Batch, teacher: list[Tensor | None], relevance: float) -> Tensor:
    with _precision():
        answers = network(batch.ids, batch.kinds, batch.real)
    opinion = functional.cross_entropy(answers.sentiment.float(), batch.sentiment, reduction="none")
    stages = functional.binary_cross_entropy_with_logits(answers.stages.float(), batch.stages, reduction="none").sum(1)
    relevant = functional.binary_cross_entropy_with_logits(answers.relevance.float(), batch.relevant, reduction="none")
    total = (opinion * batch.sentiment_weight).sum() + STAGES * (stages * batch.stages_weight).sum()
    total = total + relevance * (relevant * batch.relevant_weight).sum()
    known = [i for i, vector in enumerate(teacher) if vector is not None]
    if known:
        wanted = torch.stack([vector for vector in teacher if vector is not None]).float()
        total = total + EMBEDDING * (1 - functional.cosine_similarity(answers.embedding[known].float(), wanted)).sum()
    return total / len(batch.ids)


def _precision() -> AbstractContextManager[object]:
    """bfloat16 where the processor multiplies it (twice as fast); elsewhere it would take a hundred times as long."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported())


@torch.inference_mode()
def embed(network: Network, tokenizer: Tokenizer, texts: Sequence[str], title: str) -> dict[str, Tensor]:
    """Where each text stands: the mean of its tokens."""
    network.eval()
    examples = [Example(text, "", "", "train") for text in dict.fromkeys(texts)]
    found: dict[str, Tensor] = {}
    for batch in _shown(batches(examples, tokenizer, TOKENS, SEED), title, len(examples)):
        with _precision():
            mean, _, _ = network.encode(batch.ids, batch.kinds, batch.real)
        found |= {examples[i].text: vector for i, vector in zip(batch.embedding_rows, mean.half(), strict=True)}
    return found


def _shown(rows: Iterator[Batch], title: str, total: int) -> Iterator[Batch]:
    with Progress() as bar:
        task = bar.add_task(title, total=total)
        for batch in rows:
            yield batch
            bar.update(task, advance=len(batch.ids))
