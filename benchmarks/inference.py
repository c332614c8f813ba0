"""How fast the shipped classifier is, and whether batches change its answers: `python -m benchmarks.inference [DATA]`.

Posts a second and core (CPU time, so that busy neighbours matter less), one thread, tokenising included, no cache.
Peers: what `transformers.pipeline` and ONNX Runtime reached with all 12 layers of the same encoder on such a machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from classifiers import Request, load
from classifiers.batching import by_length
from classifiers.encoder import Encoder, Vectors
from classifiers.load import SHIPPED
from classifiers.train import data

POSTS: Final = 2_000
PEERS: Final = """\
Peers (12 layers, real posts, posts/s/core; only the last two give a post one answer whatever its batch):
  transformers.pipeline, float32, batch 32        42
  ONNX Runtime float32, batch 32                  62
  ONNX Runtime int8 dynamic, sorted, batch 16    162   4.9 % of labels depend on the batch
  ONNX Runtime int8 dynamic, batch 1             120
  MatMulNBits 4 bits, accuracy level 4            60"""

Group: TypeAlias = list[int]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"), help="has sentiment/*.tsv")
    folder = parser.parse_args().data
    if not (folder / "sentiment").is_dir():
        sys.exit(f"{folder} has no folder sentiment/: pass the folder of the labelled posts as an argument")
    texts = random.Random(0).sample(sorted(set(data.read(folder, "val").texts)), POSTS)
    encoder = Encoder(SHIPPED / "encoder.onnx", SHIPPED / "tokenizer.json", max_tokens=128)
    _report(encoder, texts)
    print(f"{'through classify(), one thread':36} {_whole(texts):6.0f}")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB\n\n{PEERS}")


def _report(encoder: Encoder, texts: Sequence[str]) -> None:
    lengths = [len(encoder.tokens(text)[0]) for text in texts]
    print(f"{len(texts):,} posts, {np.mean(lengths):.1f} tokens each")
    print(f"{'':36} posts/s   texts a batch   bit-equal to batch 1")
    alone: Vectors | None = None
    for name, grouping in GROUPINGS.items():
        vectors, rate, batches = _embed(encoder, texts, grouping)
        alone = vectors if alone is None else alone
        equal = 100 * (vectors == alone).all(axis=1).mean()
        print(f"{name:36} {rate:6.0f}   {len(texts) / batches:13.1f}   {equal:6.2f} %")


def _embed(
    encoder: Encoder, texts: Sequence[str], grouping: Callable[[Sequence[Sequence[int]]], Iterator[Group]]
) -> tuple[Vectors, float, int]:
    began = time.process_time()
    tokens = [encoder.tokens(text)[0] for text in texts]
    vectors = np.empty((len(texts), encoder.width), np.float32)
    groups = 0
    for group in grouping(tokens):
        groups += 1
        vectors[group] = encoder.vectors([tokens[i] for i in group])
    return vectors, len(texts) / (time.process_time() - began), groups


def _alone(tokens: Sequence[Sequence[int]]) -> Iterator[Group]:
    yield from ([i] for i in range(len(tokens)))


def _shipped(tokens: Sequence[Sequence[int]]) -> Iterator[Group]:
    for batch in by_length({str(i).encode(): ids for i, ids in enumerate(tokens)}):
        yield [int(key) for key, _ in batch]


def _sixteen(tokens: Sequence[Sequence[int]]) -> Iterator[Group]:
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
    while order:
        group = [i for i in order[:16] if len(tokens[i]) == len(tokens[order[0]])]
        order = order[len(group) :]
        yield group


def _windows(tokens: Sequence[Sequence[int]]) -> Iterator[Group]:
    """As in a quiet hour: 64 shuffled posts at a time."""
    order = random.Random(1).sample(range(len(tokens)), len(tokens))
    for start in range(0, len(order), 64):
        window = order[start : start + 64]
        for group in _shipped([tokens[i] for i in window]):
            yield [window[i] for i in group]


GROUPINGS: Final = {
    "batch 1": _alone,
    "batch 16, sorted": _sixteen,
    "as shipped, all posts at once": _shipped,
    "as shipped, windows of 64, shuffled": _windows,
}


def _whole(texts: Sequence[str]) -> float:
    began = time.process_time()
    asyncio.run(_classify([Request(text) for text in texts]))
    return len(texts) / (time.process_time() - began)


async def _classify(requests: Sequence[Request]) -> None:
    model = load(threads=1, cache_size=0)
    await model.classify(requests)
    await model.close()


if __name__ == "__main__":
    main()
