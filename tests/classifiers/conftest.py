"""One loaded model for all tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from classifiers.transformer import TransformerClassifier
from tests.classifiers.texts import shipped


@pytest.fixture(scope="session")
def model() -> Iterator[TransformerClassifier]:
    opened = shipped(threads=2)
    yield opened
    asyncio.run(opened.close())
