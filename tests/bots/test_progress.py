"""The resume point moves over a batch only once it and all before it are in Kafka."""

from __future__ import annotations

from random import Random

import pytest

from bots.progress import Progress, Step


def test_a_batch_that_waits_holds_all_later_ones_back() -> None:
    progress = Progress("start")
    first, second, third = (progress.begin(cursor) for cursor in ("a", "b", "c"))
    assert not progress.done(second)
    assert not progress.done(third)
    assert progress.cursor == "start"
    assert progress.done(first)
    assert (progress.cursor, progress.steps) == ("c", 0)


def test_a_batch_without_a_cursor_leaves_it_as_before() -> None:
    progress = Progress("start")
    assert not progress.done(progress.begin(None))
    assert progress.cursor == "start"


@pytest.mark.parametrize("seed", range(20))
def test_acknowledged_in_any_order_the_cursor_is_the_last_of_the_whole_beginning(seed: int) -> None:
    random = Random(seed)
    progress = Progress(-1)
    steps = [progress.begin(number) for number in range(50)]
    parts: list[tuple[int, Step]] = []
    for number, step in enumerate(steps):
        extra = random.randint(0, 3)
        step.open += extra
        parts += [(number, step)] * (extra + 1)
    random.shuffle(parts)
    left = [step.open for step in steps]
    for number, step in parts:
        progress.done(step)
        left[number] -= 1
        whole = next((n for n, count in enumerate(left) if count), len(left))
        assert progress.cursor == whole - 1
