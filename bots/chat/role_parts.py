"""What the role `chat` is made of, opened and closed by `bots/chat_role.py`."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import msgspec

from bots.chat.base import Outlet
from bots.chat.limits import Clock
from bots.chat.store import Store
from bots.chat.watches import Watches
from bots.commands.client import ApiClient
from config.schema import Config
from streams.letters import DeadLetters


class Parts(msgspec.Struct, frozen=True):
    """`outlets`: those that are enabled, by name."""

    config: Config
    bootstrap: str
    outlets: Mapping[str, Outlet]
    store: Store
    watches: Watches
    letters: DeadLetters
    client: ApiClient
    clock: Clock
    random: Random
