"""How much is said, by whom, where and in which language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.records import KINDS
from streams.views.asked import Answer, Asked
from streams.views.columns import Column
from streams.views.rows import Rows


class Volume(Answer, frozen=True, kw_only=True):
    """`posts` are entries, `authors` distinct author ids, with own accounts and reposts; counts are never too few."""

    by_kind: dict[str, int]
    by_platform: dict[str, int]
    by_lang: dict[str, int]


def volume(rows: Rows, _asked: Asked) -> Volume:
    """Counts; `by_platform` and `by_lang` (primary subtag, `und` where unknown) with the largest first."""
    kinds = np.bincount(rows.kind, minlength=len(KINDS))
    return Volume(
        posts=len(rows),
        authors=len(rows.authors),
        insufficient=False,
        by_kind={kind: int(kinds[code]) for code, kind in enumerate(KINDS)},
        by_platform=_by_name(rows.column("platform"), rows.snapshot.platforms),
        by_lang=_by_name(rows.column("lang"), rows.snapshot.languages),
    )


def _by_name(codes: Column, names: Sequence[str]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(names))
    found = [(name, int(count)) for name, count in zip(names, counts, strict=True) if count]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))
