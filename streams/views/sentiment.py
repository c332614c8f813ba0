"""Sentiment toward the brand: what people other than the brand itself said, reposts apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from streams.records import SENTIMENTS
from streams.views.asked import Answer, Asked, Confusion, Interval
from streams.views.columns import Floats, Ints
from streams.views.correction import correct, correct_replicates, problem
from streams.views.intervals import effective, percentile_interval, poisson_bootstrap
from streams.views.rows import Rows

CLASSES = len(SENTIMENTS)
NEGATIVE, NEUTRAL, POSITIVE = range(CLASSES)


class Corrected(Answer, frozen=True, kw_only=True):
    """Class shares and net after correction, over the posts in `languages`; `unavailable` says why there is none."""

    negative: float | None = None
    neutral: float | None = None
    positive: float | None = None
    net: float | None = None
    interval: Interval | None = None
    languages: tuple[str, ...] = ()
    unavailable: str | None = None


class Sentiment(Answer, frozen=True, kw_only=True):
    """Counts of judged posts, `net` = (positive - negative) / all, and its interval by author-clustered bootstrap."""

    negative: int
    neutral: int
    positive: int
    net: float | None = None
    interval: Interval | None = None
    corrected: Corrected


class Opinions:
    """Judged posts by author and cell; a cell is a class in a language with a usable matrix, or in none of them."""

    def __init__(self, rows: Rows, languages: tuple[str, ...]) -> None:
        judged = rows.judged
        groups = _groups(rows, languages)[rows.column("lang")[judged]]
        cells = CLASSES * (len(languages) + 1)
        cell = groups * CLASSES + rows.sentiment[judged]
        place = rows.author_number[judged] * cells + cell
        counts = np.bincount(place, minlength=len(rows.authors) * cells).reshape(-1, cells)
        spoke = counts.any(axis=1)
        self.authors: Ints = rows.authors[spoke]
        self.counts: Ints = counts[spoke]

    @property
    def totals(self) -> Ints:
        """Posts per cell."""
        totals: Ints = self.counts.sum(axis=0)
        return totals

    @property
    def clusters(self) -> float:
        """How many authors of equal weight these are worth (Kish 1965): (sum of posts)^2 / sum of posts^2."""
        return effective(self.counts.sum(axis=1))


def _groups(rows: Rows, languages: tuple[str, ...]) -> Ints:
    """Language code -> group: 0 for those without a matrix, then one for each."""
    place = {name: number for number, name in enumerate(languages, start=1)}
    return np.array([place.get(name, 0) for name in rows.snapshot.languages], dtype=np.int64)


def sentiment(rows: Rows, asked: Asked) -> Sentiment:
    """Counts, net and interval; with the classifier's confusion also the corrected net."""
    usable, unavailable = _usable(asked.confusion)
    languages = tuple(sorted(usable))
    opinions = Opinions(rows, languages)
    totals = opinions.totals.reshape(-1, CLASSES)
    counts = totals.sum(axis=0)
    posts, authors = int(counts.sum()), len(opinions.authors)
    too_few = asked.too_few(posts, authors)
    replicates = None
    if not too_few:
        sums = poisson_bootstrap(opinions.authors, opinions.counts, asked.settings.bootstrap)
        replicates = sums.reshape(-1, CLASSES, asked.settings.bootstrap)
    return Sentiment(
        posts=posts,
        authors=authors,
        insufficient=too_few,
        negative=int(counts[NEGATIVE]),
        neutral=int(counts[NEUTRAL]),
        positive=int(counts[POSITIVE]),
        net=None if too_few else int(counts[POSITIVE] - counts[NEGATIVE]) / posts,
        interval=None if replicates is None else _net_interval(replicates.sum(axis=0), opinions.clusters),
        corrected=_corrected(opinions, languages, usable, replicates, asked, unavailable),
    )


def _net_interval(sums: Floats, clusters: float) -> Interval | None:
    total = sums.sum(axis=0)
    nets = np.where(total > 0, (sums[POSITIVE] - sums[NEGATIVE]) / np.maximum(total, 1), np.nan)
    return percentile_interval(nets, clusters)


def _usable(confusion: Mapping[str, Confusion]) -> tuple[dict[str, Confusion], str]:
    """The matrices that can be inverted, and what is wrong with the others."""
    problems = {lang: problem(matrix) for lang, matrix in confusion.items()}
    usable = {lang: confusion[lang] for lang, wrong in problems.items() if wrong is None}
    wrong = sorted({f"{lang}: {why}" for lang, why in problems.items() if why})
    return usable, "; ".join(wrong) or "the classifier's errors were not measured"


def _corrected(
    opinions: Opinions,
    languages: tuple[str, ...],
    usable: Mapping[str, Confusion],
    replicates: Floats | None,
    asked: Asked,
    unavailable: str,
) -> Corrected:
    covered = opinions.counts[:, CLASSES:]
    sizes = covered.sum(axis=1)
    posts, authors = int(sizes.sum()), int((sizes > 0).sum())
    if not posts or replicates is None or asked.too_few(posts, authors):
        why = unavailable if not usable else None
        return Corrected(posts=posts, authors=authors, insufficient=True, unavailable=why)
    totals = opinions.totals.reshape(-1, CLASSES)[1:].astype(np.float64)
    present = [number for number in range(len(languages)) if totals[number].any()]
    matrices = [usable[languages[number]] for number in present]
    shares = _together([correct(m, totals[n]) for m, n in zip(matrices, present, strict=True)], totals[present].T)
    drawn = [correct_replicates(languages[n], usable[languages[n]], replicates[n + 1]) for n in present]
    spread = _together(drawn, replicates[[n + 1 for n in present]].swapaxes(0, 1))
    return Corrected(
        posts=posts,
        authors=authors,
        insufficient=False,
        negative=float(shares[NEGATIVE]),
        neutral=float(shares[NEUTRAL]),
        positive=float(shares[POSITIVE]),
        net=float(shares[POSITIVE] - shares[NEGATIVE]),
        interval=percentile_interval(spread[POSITIVE] - spread[NEGATIVE], effective(sizes[sizes > 0])),
        languages=tuple(languages[number] for number in present),
    )


def _together(shares: list[Floats], answers: Floats) -> Floats:
    """Shares per language, weighted by its answers (3, languages[, replicates]); NaN where there are none at all."""
    weight = answers.sum(axis=0)
    total = np.where(weight.sum(axis=0) > 0, weight.sum(axis=0), np.nan)
    together: Floats = sum(share * weight[number] for number, share in enumerate(shares)) / total
    return together
