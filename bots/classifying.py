"""`tertulia classify`: how texts sound, one line each."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

import classifiers
from bots.settings import Failed, Options, configuration
from classifiers.base import Request, Verdict
from config.schema import Config

BATCH = 64  # lines of standard input that are judged together


def classify_texts(options: Options, texts: Sequence[str], brand: str) -> None:
    """Print a verdict for each text, or for each line of standard input. Raises `Failed` without any text."""
    if not texts and sys.stdin.isatty():
        raise Failed("classify what? Give TEXT, or lines on standard input", code=2)
    config = configuration(options)
    asyncio.run(_classify(config, texts or (line.rstrip("\n") for line in sys.stdin), brand or None, options.json))


async def _classify(config: Config, texts: Iterable[str], target: str | None, as_json: bool) -> None:
    settings = config.classifiers.sentiment
    classifier = classifiers.load(settings.model, threads=settings.threads or None, cache_size=settings.cache)
    try:
        for batch in _batches(text for text in texts if text.strip()):
            verdicts = await classifier.classify([Request(text, target) for text in batch])
            for text, verdict in zip(batch, verdicts, strict=True):
                print(_as_json(text, verdict, classifier.name) if as_json else _spoken(text, verdict), flush=True)
    finally:
        await classifier.close()


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    source = iter(texts)
    while batch := list(islice(source, BATCH)):
        yield batch


def _as_json(text: str, verdict: Verdict | None, model: str) -> str:
    return json.dumps({"text": text, "model": model, "verdict": msgspec.to_builtins(verdict)}, ensure_ascii=False)


def _spoken(text: str, verdict: Verdict | None) -> str:
    if verdict is None:
        return f"no answer  {text}"
    return f"{verdict.sentiment:<8} {max(verdict.p):4.0%}  {text}"
