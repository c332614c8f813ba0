"""How fast the shipped classifier is, and whether batches change its answers: `python -m benchmarks.inference [DATA]`.

Posts per CPU second (so that busy neighbours matter less) of one thread, tokenising included, no cache. In the same
run: `transformers.pipeline` with a base-sized multilingual model, and the fastest that ONNX Runtime multiplies 8-bit
integers on this machine. Ends with 1 when a figure that issue 3 asks for is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from benchmarks import multiply, peer
from classifiers import Classifier, Request, load
from classifiers.batching import by_length
from classifiers.encoder import Encoder, Vectors
from classifiers.load import SHIPPED
from classifiers.text import Pair, target
from classifiers.train import data
from classifiers.train.data import Example

POSTS: Final = 2_000
PEER_POSTS: Final = 288
TURNS: Final = 3
"""That ours and the peer take, so that a busy minute hits both."""
RATIO: Final = 12
SHARE: Final = 55
SECONDS: Final = 2
MEGABYTES: Final = 50
FRESH: Final = """
import time
began = time.perf_counter()
import asyncio, json, resource, sys
from classifiers import Request, load
imported = time.perf_counter()
model = load(sys.argv[1], threads=1, cache_size=0)
loaded = time.perf_counter()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
asyncio.run(model.classify([Request(text) for text in json.load(sys.stdin)]))
print(json.dumps([imported - began, loaded - imported, before, peak()]))
"""
"""A process that only loads and judges: seconds, and MiB at most (Linux counts in KiB)."""

Group: TypeAlias = list[int]
Grouping: TypeAlias = Callable[[Sequence[Pair]], Iterator[Group]]


class Asked(NamedTuple):
    """One figure of issue 3."""

    what: str
    found: str
    limit: str
    reached: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"), help="has sentiment/, targeted/")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder with another model")
    given = parser.parse_args()
    try:
        test = [e for e in data.read(given.data) if e.split == "test"]
    except FileNotFoundError as problem:
        sys.exit(f"{problem.filename} is missing: pass the folder of the labelled posts as an argument")
    posts, toward = _sample(e for e in test if e.target is None), _sample(e for e in test if e.target)
    asked = _start(given.model, posts)
    encoder = Encoder(given.model / "encoder.onnx", given.model / "tokenizer.json", max_tokens=128)
    _batches(encoder, "posts", posts)
    _batches(encoder, "posts with a target", toward)
    lengths: list[int] = []
    tokenising = _timed(lambda: lengths.extend(len(pair.ids) for pair in _pairs(encoder, posts))) / len(posts)
    rate, times = _against_peer(load(str(given.model), threads=1, cache_size=0), posts, lengths)
    share = _share(given.model / "encoder.onnx", rate, float(np.mean(lengths)), tokenising)
    asked += [times, share]
    for what, found, limit, reached in asked:
        print(f"{what:50} {found:>8}   {limit:6} {'reached' if reached else 'missed'}")
    return 0 if all(a.reached for a in asked) else 1


def _sample(examples: Iterator[Example]) -> list[Request]:
    """As the service asks; no text and target twice."""
    found = {(e.text, e.target): Request(e.text, e.target, e.lang, e.about) for e in examples}
    return random.Random(0).sample(list(found.values()), min(POSTS, len(found)))


def _batches(encoder: Encoder, title: str, requests: Sequence[Request]) -> None:
    """Whether the vectors of a text depend on its batch, to the last bit."""
    lengths = [len(pair.ids) for pair in _pairs(encoder, requests)]
    title = f"{len(requests):,} {title}, {np.mean(lengths):.1f} tokens each"
    print(f"\n{title:46} posts/s   a batch   equal to batch 1")
    alone: Vectors | None = None
    for name, grouping in GROUPINGS.items():
        vectors, rate, batches = _embed(encoder, requests, grouping)
        alone = vectors if alone is None else alone
        equal = 100 * (vectors == alone).all(axis=1).mean()
        print(f"  {name:44} {rate:7.0f} {len(requests) / batches:9.1f} {equal:16.2f} %", flush=True)


def _embed(encoder: Encoder, requests: Sequence[Request], grouping: Grouping) -> tuple[Vectors, float, int]:
    began = time.process_time()
    pairs = _pairs(encoder, requests)
    vectors = np.empty((len(pairs), encoder.width), np.float32)
    groups = 0
    for group in grouping(pairs):
        groups += 1
        vectors[group] = encoder.vectors([pairs[i] for i in group])
    return vectors, len(pairs) / (time.process_time() - began), groups


def _pairs(encoder: Encoder, requests: Sequence[Request]) -> list[Pair]:
    return [encoder.tokens(r.text, target(r.target, r.about) if r.target else None) for r in requests]


def _alone(pairs: Sequence[Pair]) -> Iterator[Group]:
    yield from ([i] for i in range(len(pairs)))


def _shipped(pairs: Sequence[Pair]) -> Iterator[Group]:
    for batch in by_length({str(i).encode(): pair for i, pair in enumerate(pairs)}):
        yield [int(key) for key, _ in batch]


def _windows(pairs: Sequence[Pair]) -> Iterator[Group]:
    """As in a quiet hour: 64 shuffled posts at a time."""
    order = random.Random(1).sample(range(len(pairs)), len(pairs))
    for start in range(0, len(order), 64):
        window = order[start : start + 64]
        for group in _shipped([pairs[i] for i in window]):
            yield [window[i] for i in group]


GROUPINGS: Final[dict[str, Grouping]] = {
    "batch 1": _alone,
    "sorted by length, all at once": _shipped,
    "windows of 64, shuffled": _windows,
}


def _against_peer(ours: Classifier, posts: Sequence[Request], lengths: Sequence[int]) -> tuple[float, Asked]:
    """Our posts per CPU second, and how many times the peer's that is. They take turns."""
    title = f"transformers.pipeline, float32, batch {peer.BATCH}, base-sized"
    if missing := peer.missing():
        rate = len(posts) / _timed(lambda: asyncio.run(ours.classify(posts)))
        how = f"not measured: pip install 'tertulia[torch]' brings {' and '.join(missing)}"
        _print_speeds(rate, title, how, how)
        return rate, Asked("times transformers.pipeline", "–", f"≥ {RATIO}", reached=False)
    texts = _like(posts, lengths, PEER_POSTS)
    with peer.folder() as folder:
        judge = peer.pipeline(folder)
        peer.answer(judge, texts[: peer.BATCH])  # warm
        mine, theirs = 0.0, 0.0
        for turn in range(TURNS):
            mine += _timed(lambda: asyncio.run(ours.classify(posts)))
            theirs += _timed(partial(peer.answer, judge, texts[turn::TURNS]))
        gpu = peer.on_gpu(folder, [post.text for post in posts])
    rate, base = TURNS * len(posts) / mine, len(texts) / theirs
    _print_speeds(rate, title, f"{base:.1f}", "not measured: no GPU at hand" if gpu is None else f"{gpu:,.0f}")
    return rate, Asked("times transformers.pipeline", f"{rate / base:.1f}", f"≥ {RATIO}", reached=rate / base >= RATIO)


def _print_speeds(rate: float, title: str, base: str, gpu: str) -> None:
    print("\nposts per CPU second, one thread, tokenising included")
    print(f"  {'ours, through classify()':62}{rate:.1f}")
    print(f"  {title:62}{base}")
    print(f"  {'the base-sized one as an own model, GPU, float16 (wall clock)':62}{gpu}", flush=True)


def _like(posts: Sequence[Request], lengths: Sequence[int], count: int) -> list[str]:
    """Texts of some of `posts`, as long and as short as all of them, in random order."""
    order = sorted(range(len(posts)), key=lambda i: lengths[i])
    places = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
    return random.Random(2).sample([posts[order[i]].text for i in places], len(places))


def _share(graph: Path, rate: float, tokens: float, tokenising: float) -> Asked:
    """Of what one thread of this machine can do in 8-bit integers. `tokenising` is in CPU seconds a post."""
    what = "percent of the int8 limit, tokenising included"
    try:
        limits = multiply.products()
        each = 2 * tokens * multiply.per_token(graph) / 1e9
    except ModuleNotFoundError:
        print("\nint8 limit: not measured: pip install 'tertulia[train]' brings onnx")
        return Asked(what, "–", f"≥ {SHARE}", reached=False)
    print("\nint8 products in ONNX Runtime, one thread, GOP/s (a multiplication and an addition are two)")
    for op in dict.fromkeys(p.op for p in limits):
        print(f"  {op:22}" + "".join(f"{'×'.join(map(str, p.shape)):>16} {p.rate:4.0f}" for p in limits if p.op == op))
    limit = max(p.rate for p in limits)
    share, bare = (100 * each * speed / limit for speed in (rate, 1 / (1 / rate - tokenising)))
    print(f"  best {limit:.0f}; a post of {tokens:.1f} tokens takes {each:.2f} GOP in the encoder's 8-bit products")
    print(f"  share reached: {share:.1f} %, with the time for tokenising taken out {bare:.1f} %\n", flush=True)
    return Asked(what, f"{share:.1f}", f"≥ {SHARE}", reached=share >= SHARE)


def _start(model: Path, posts: Sequence[Request]) -> list[Asked]:
    """Loading and memory, in a process of its own; the size of the folder."""
    child = [sys.executable, "-c", FRESH, str(model)]
    texts = json.dumps([post.text for post in posts])
    done = subprocess.run(child, input=texts, capture_output=True, text=True, check=True)
    imports, loading, before, peak = json.loads(done.stdout)
    size = sum(path.stat().st_size for path in model.iterdir()) / 1e6
    print(f"a fresh process: imports {imports:.2f} s, load() {loading:.2f} s; memory {before:.0f} MiB, ", end="")
    print(f"{peak:.0f} MiB at most after {len(posts):,} posts", flush=True)
    total = imports + loading
    return [
        Asked("seconds to import and load", f"{total:.2f}", f"≤ {SECONDS}", reached=total <= SECONDS),
        Asked("megabytes of the model's folder", f"{size:.1f}", f"≤ {MEGABYTES}", reached=size <= MEGABYTES),
    ]


def _timed(work: Callable[[], object]) -> float:
    """CPU seconds, of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    raise SystemExit(main())
