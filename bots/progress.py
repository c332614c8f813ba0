"""How far a source may resume: the cursor of the newest batch before which everything is in Kafka."""

from __future__ import annotations

from collections import deque
from typing import Any

MOST_STEPS = 10_000


class Step:
    """One batch on its way; `open` counts what of it is not in Kafka yet."""

    __slots__ = ("cursor", "open")

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self.open = 1  # the batch itself, until all of it has been handed over


class Progress:
    """Batches in the order they came. `cursor` moves over a batch once it and all before it are done."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self._steps: deque[Step] = deque()

    @property
    def steps(self) -> int:
        """How many batches are not done, or stand behind one that is not."""
        return len(self._steps)

    def begin(self, cursor: Any) -> Step:
        """A batch has come."""
        step = Step(cursor)
        self._steps.append(step)
        return step

    def done(self, step: Step, count: int = 1) -> bool:
        """`count` parts of a batch are in Kafka; True when the cursor has moved."""
        step.open -= count
        if step.open or self._steps[0] is not step:
            return False
        moved = False
        while self._steps and not self._steps[0].open:
            cursor = self._steps.popleft().cursor
            if cursor is not None:
                self.cursor, moved = cursor, True
        return moved
