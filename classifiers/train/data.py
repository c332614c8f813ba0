"""Reads the labelled posts and says which of them are trained on, which calibrate and which only measure.

The posts of `FOLDER/sentiment` and `FOLDER/targeted` are other people's: they stay outside the repository. Those beside
this file (`labelled/`, with their guidelines) were written for it.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import xxhash

from classifiers.base import LABELS, STAGES
from classifiers.text import clean, target

Split: TypeAlias = Literal["train", "calibration", "test"]

SENTIMENT: Final = ("en_semeval2017", "de_umsab", "en_umsab", "es_umsab", "fr_umsab", "it_umsab", "pt_umsab")
"""Left out: `es_tass`, whose terms allow research only, and the languages that the model does not serve."""
TARGETED: Final = ("en_semeval_topics", "en_tweets", "en_laptops", "en_restaurants")
BY_TARGET: Final = "en_semeval_topics"
"""Held out by target: the test topics are new to the model. The other sets are held out by text."""
LABELLED: Final = Path(__file__).with_name("labelled")
TEST_AUTHOR: Final = "t"

CALIBRATION: Final = 6
"""Percent of the posts that only set temperatures and thresholds."""
TEST: Final = 8
"""Percent of the targeted posts that only measure."""


@dataclass(frozen=True)
class Example:
    """One text, cleaned as the classifier cleans it, with the labels it has: None where nobody labelled it."""

    text: str
    lang: str
    source: str
    split: Split
    target: str | None = None
    """As the model reads it: `name`, or `name: about`."""
    about: str = ""
    sentiment: int | None = None
    """Index in `LABELS`."""
    stages: frozenset[str] | None = None
    relevant: bool | None = None


def read(folder: Path) -> list[Example]:
    """Everything, in a fixed order. A training text that also stands in a test or a calibration set is left out.

    FileNotFoundError names the file that is missing.
    """
    everything = [*_sentiment(folder), *_targeted(folder), *_stage(), *_relevance(), *_feeling()]
    held = {fold(example.text) for example in everything if example.split == "test"}
    kept = [example for example in everything if example.split == "test" or fold(example.text) not in held]
    calibrating = {fold(example.text) for example in kept if example.split == "calibration"}
    return [example for example in kept if example.split != "train" or fold(example.text) not in calibrating]


def fold(text: str) -> str:
    """Letters and digits alone, lower case, without accents: two posts alike in this are the same post."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[\W_]+", "", plain) or text  # a text of signs alone stands for itself


def _sentiment(folder: Path) -> Iterator[Example]:
    """The `val` files are the test: they were never trained on."""
    for name in SENTIMENT:
        for row in _rows(folder / "sentiment" / f"{name}_train.tsv"):
            yield _opinion(name, row, _share(row["text"], calibration=CALIBRATION))
        for row in _rows(folder / "sentiment" / f"{name}_val.tsv"):
            yield _opinion(name, row, "test")


def _targeted(folder: Path) -> Iterator[Example]:
    for name in TARGETED:
        for row in _rows(folder / "targeted" / f"{name}_train.tsv"):
            unit = row["target"] if name == BY_TARGET else row["text"]
            yield _opinion(name, row, _share(unit, calibration=CALIBRATION, test=TEST))


def _opinion(name: str, row: dict[str, str], split: Split) -> Example:
    about = target(row["target"]) if "target" in row else None
    return Example(clean(row["text"]), name[:2], name, split, about, sentiment=LABELS.index(row["label"]))


def _stage() -> Iterator[Example]:
    for path, about, row in _labelled("stage"):
        stages = frozenset(row["stages"].split(",")) - {"none"}
        if not stages <= set(STAGES):
            raise ValueError(f"{path.name} has an unknown stage: {row['stages']}")
        yield Example(
            clean(row["text"]), path.name[:2], "stage", _author_split(path, row), target(row["brand"]), about,
            sentiment=LABELS.index(row["sentiment"]), stages=stages,
        )  # fmt: skip


def _relevance() -> Iterator[Example]:
    for path, about, row in _labelled("relevance"):
        yield Example(
            clean(row["text"]), path.name[:2], "relevance", _author_split(path, row), target(row["brand"]), about,
            relevant={"yes": True, "no": False}[row["meant"]],
        )  # fmt: skip


def _feeling() -> Iterator[Example]:
    """Invented posts without a brand, in the languages of which there are few others."""
    for path in sorted((LABELLED / "feeling").glob("*.tsv")):
        for row in _rows(path):
            yield Example(
                clean(row["text"]), path.name[:2], "feeling", _author_split(path, row),
                sentiment=LABELS.index(row["sentiment"]),
            )  # fmt: skip


def _labelled(kind: str) -> Iterator[tuple[Path, str, dict[str, str]]]:
    for path in sorted(path for path in (LABELLED / kind).glob("*.tsv") if not path.name.endswith(".brands.tsv")):
        about = {row["brand"]: row["about"] for row in _rows(path.with_suffix(".brands.tsv"))}
        for row in _rows(path):
            yield path, about[row["brand"]], row


def _author_split(path: Path, row: dict[str, str]) -> Split:
    author = path.stem.partition("-")[2]
    return "test" if author == TEST_AUTHOR else _share(row["text"], calibration=CALIBRATION)


def _share(unit: str, *, calibration: int, test: int = 0) -> Split:
    """By a hash: the same unit always falls to the same side."""
    place = xxhash.xxh64_intdigest(fold(unit).encode()) % 100
    if place < test:
        return "test"
    return "calibration" if place < test + calibration else "train"


def _rows(path: Path) -> Iterable[dict[str, str]]:
    """The lines under the header; quotes mean nothing in these files."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        yield from csv.DictReader((line.replace("\r", " ") for line in lines), delimiter="\t", quoting=csv.QUOTE_NONE)
