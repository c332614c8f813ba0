"""The classifier for users who want none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifiers.base import Confusion, Request, Verdict


class NullClassifier:
    """Has no opinion on anything: the way of the data works, the sentiment metrics stay empty."""

    name = "none"
    confusion: Mapping[str, Confusion] = {}

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        return [None] * len(requests)

    async def close(self) -> None:
        return None
