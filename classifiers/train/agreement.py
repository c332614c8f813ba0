"""How far two labellings of the written test posts agree: `python -m classifiers.train.agreement`.

The first is the author's (`labelled/stage/LANG-t.tsv`), the second was made from the guidelines and the posts alone
(`labelled/second/`). Cohen's kappa is agreement beyond chance: 1 is all, 0 what guessing gives.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from classifiers.base import LABELS, STAGES
from classifiers.language import LANGUAGES
from classifiers.train.data import LABELLED, TEST_AUTHOR

Row: TypeAlias = Mapping[str, str]
Label: TypeAlias = Hashable
Question: TypeAlias = Callable[[Row], Label]


class Agreement(NamedTuple):
    """Of two labellings of the same posts."""

    rows: int
    same: float
    """Share of posts with the same label."""
    kappa: float
    """Cohen (1960); not a number where both gave every post one and the same label."""


class Both(NamedTuple):
    """One post, labelled twice."""

    lang: str
    first: Row
    second: Row


def main() -> None:
    try:
        stage, relevance = both(LABELLED, "stage"), both(LABELLED, "relevance")
    except (OSError, ValueError) as problem:
        sys.exit(f"the two labellings cannot be compared: {problem}")
    print("\n".join([*_stage_table(stage), "", *_relevance_table(relevance)]))


def agreement(first: Sequence[Label], second: Sequence[Label], order: Sequence[Label] = ()) -> Agreement:
    """Of two labellings, post by post. With an `order`, labels that lie further apart in it disagree more (weighted
    kappa with linear weights, Cohen 1968); without, all that differ disagree alike. ValueError for other labels."""
    labels = list(order) or list(dict.fromkeys([*first, *second]))
    counts = np.zeros((len(labels), len(labels)))
    for a, b in zip(first, second, strict=True):
        counts[labels.index(a), labels.index(b)] += 1
    place = np.arange(len(labels))
    apart = np.abs(place[:, None] - place)
    weights = apart if order else np.minimum(apart, 1)
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(1, len(first))
    found, expected = float((weights * counts).sum()), float((weights * by_chance).sum())
    kappa = 1 - found / expected if expected else float("nan")
    return Agreement(len(first), float(np.trace(counts)) / max(1, len(first)), kappa)


def both(folder: Path, kind: str) -> list[Both]:
    """The test posts of `kind`, labelled twice. The second labels name a post as `LANG:LINE`, where the header of
    `LANG-t.tsv` is line 1. ValueError where a second label has no post, or a post no second
    label."""
    first = {f"{lang}:{line}": row for lang in LANGUAGES for line, row in _rows(_test(folder, kind, lang))}
    second = {row["id"]: row for _, row in _rows(folder / "second" / f"{kind}.tsv")}
    if odd := sorted(first.keys() ^ second.keys()):
        raise ValueError(f"{kind}: labelled once only: {', '.join(odd[:5])}{' …' if len(odd) > 5 else ''}")
    return [Both(name.partition(":")[0], row, second[name]) for name, row in first.items()]


def stage(name: str) -> Question:
    """Whether a row tells this stage."""
    return lambda row: name in row["stages"].split(",")


def _test(folder: Path, kind: str, lang: str) -> Path:
    return folder / kind / f"{lang}-{TEST_AUTHOR}.tsv"


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    """With the number of each line in the file."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        yield from enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 2)


def _stage_table(posts: Sequence[Both]) -> Iterator[str]:
    yield _header(f"stage, {len(posts)} posts")
    yield _line("sentiment", posts, lambda row: row["sentiment"])
    yield _line("  linear weights", posts, lambda row: row["sentiment"], LABELS)
    for name in STAGES:
        yield _line(name, posts, stage(name))
    yield _line("no stage", posts, stage("none"))
    yield _mean("mean of the stages", posts)


def _relevance_table(posts: Sequence[Both]) -> Iterator[str]:
    yield _header(f"relevance, {len(posts)} posts")
    yield _line("meant", posts, lambda row: row["meant"])


def _header(title: str) -> str:
    return f"{title:22}   same   kappa of all" + "".join(f"{lang:>6}" for lang in LANGUAGES)


def _line(title: str, posts: Sequence[Both], ask: Question, order: Sequence[Label] = ()) -> str:
    whole = _of(posts, ask, order)
    parts = [_of(_in(posts, lang), ask, order).kappa for lang in LANGUAGES]
    return _filled(title, whole.same, whole.kappa, parts)


def _mean(title: str, posts: Sequence[Both]) -> str:
    def over(some: Sequence[Both]) -> tuple[float, float]:
        found = [_of(some, stage(name)) for name in STAGES]
        return float(np.mean([f.same for f in found])), float(np.nanmean([f.kappa for f in found]))

    same, kappa = over(posts)
    return _filled(title, same, kappa, [over(_in(posts, lang))[1] for lang in LANGUAGES])


def _filled(title: str, same: float, kappa: float, parts: Sequence[float]) -> str:
    return f"{title:22} {100 * same:4.0f} %{kappa:15.2f}" + "".join(f"{part:6.2f}" for part in parts)


def _in(posts: Sequence[Both], lang: str) -> list[Both]:
    return [post for post in posts if post.lang == lang]


def _of(posts: Sequence[Both], ask: Question, order: Sequence[Label] = ()) -> Agreement:
    return agreement([ask(post.first) for post in posts], [ask(post.second) for post in posts], order)


if __name__ == "__main__":
    main()
