"""Find and open a classifier by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifiers.base import Classifier, Confusion, Request, Verdict
from classifiers.null import NullClassifier


class _Placeholder:
    """Stands here until the trained model is committed: undecided about everything."""

    name = "placeholder-0"
    confusion: Mapping[str, Confusion] = {}

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        return [Verdict("neutral", (0.25, 0.5, 0.25)) for _ in requests]

    async def close(self) -> None:
        return None


def load(model: str = "default", *, threads: int | None = None, cache_size: int = 50_000) -> Classifier:
    """Open a classifier: `default` (the shipped model) or `none`."""
    if model == "none":
        return NullClassifier()
    return _Placeholder()
