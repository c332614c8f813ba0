"""A courier for each destination that something waits for, from its first message on."""

from __future__ import annotations

from collections.abc import Callable

from bots.chat.courier import Courier
from bots.chat.groups import Destination
from bots.chat.outbox import Outbox
from streams.tasks import Tasks


class Couriers:
    """Life cycle: `wake` whenever the outbox may have more. `tasks` is the caller's to stop."""

    def __init__(self, outbox: Outbox, build: Callable[[Destination], Courier], tasks: Tasks) -> None:
        self._outbox, self._build, self._tasks = outbox, build, tasks
        self._couriers: dict[Destination, Courier] = {}

    def wake(self) -> None:
        """Let each look what waits for it."""
        for to in self._outbox.destinations():
            courier = self._couriers.get(to)
            if courier is None:
                courier = self._couriers[to] = self._build(to)
                self._tasks.start(courier.run(), f"outlet {to.outlet} {to.room}".strip())
            courier.wake()
