"""How much room the numbers take: bytes an entry, a post, a tie: `python -m benchmarks.room [--small N] [--large N]`.

Each is measured at two sizes, the smaller one taken from the larger, so that what is there in any case falls out. What
is held and what is needed for a moment in the worker are counted by `tracemalloc`, numpy's arrays included; the process
beside, in which circles are worked out, by its own largest resident size. RocksDB's memory is not Python's:
`benchmarks.memory` shows it within a whole worker.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.circles import CONFIG, END, Conversation
from streams.graph.child import result
from streams.graph.job import encoded
from streams.graph.material import gather
from streams.records import Entry
from streams.views.asked import Asked
from streams.views.frame import Frame, Snapshot, Window
from streams.views.health import health
from streams.views.pulse import pulse

PEOPLE_TO_TIES: Final = 10  # ties for each person, as in `benchmarks.circles`
MONTH: Final = Window.last(timedelta(days=30), END)
QUARTER: Final = Window.last(timedelta(days=90), END)


def needed(work: Callable[[], object]) -> int:
    """The most bytes that were taken at once, beside what was there."""
    gc.collect()
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def filled(entries: Sequence[Entry]) -> tuple[Frame, int, int]:
    """(the frame, what it holds, the most while it was filled)."""
    gc.collect()
    tracemalloc.start()
    frame = Frame(())
    frame.add_many(entries)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return frame, held, peak


def beside(job: bytes) -> int:
    """The largest resident size of a process that works out circles, in bytes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_resident, (job,))


def _resident(job: bytes) -> int:
    result(job)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def looked_up(snapshot: Snapshot) -> None:
    """One of each; the indexes stay."""
    rows = snapshot.rows(MONTH)
    snapshot.authors_of(rows.post[:1])
    for name in ("root", "author"):
        snapshot.among(name, rows.column(name)[:1], MONTH)


def measure(ties: int) -> dict[str, tuple[int, int]]:
    """What -> (bytes, of how many)."""
    talk = Conversation(ties // PEOPLE_TO_TIES, ties)
    entries = list(talk.entries())
    frame, held, peak = filled(entries)
    snapshot, count = frame.snapshot(), len(entries)
    rows, posts = len(snapshot.rows(QUARTER)), len(snapshot.rows(MONTH))
    index = needed(lambda: looked_up(snapshot))
    material = gather(snapshot, CONFIG, "demo", MONTH, END)
    job = encoded(material)
    return {
        "an entry in the columns": (held, count),
        "… while they are filled": (peak, count),
        "… to find posts, threads and authors by, once asked": (index, count),
        "a post of a pulse, for a moment": (needed(lambda: pulse(snapshot, QUARTER, CONFIG.views)), rows),
        "a post of health, for a moment": (needed(lambda: health(snapshot, MONTH, Asked())), posts),
        "a tie, what goes to the process for circles": (
            needed(lambda: gather(snapshot, CONFIG, "demo", MONTH, END)),
            ties,
        ),
        "a tie, in the process for circles": (beside(b"".join(job)), ties),
    }


def show(small: dict[str, tuple[int, int]], large: dict[str, tuple[int, int]]) -> None:
    """The table: the slope, and what is there in any case."""
    table = Table(title="room")
    for name in ("of", "bytes each", "besides, MiB", "in all at the larger size, MiB"):
        table.add_column(name, justify="right" if name != "of" else "left")
    for name, (most, count) in large.items():
        less, fewer = small[name]
        slope = (most - less) / (count - fewer)
        table.add_row(name, f"{slope:,.0f}", f"{(most - slope * count) / 2**20:,.0f}", f"{most / 2**20:,.0f}")
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=100_000, help="ties")
    parser.add_argument("--large", type=int, default=300_000)
    asked = parser.parse_args()
    show(measure(asked.small), measure(asked.large))


if __name__ == "__main__":
    main()
