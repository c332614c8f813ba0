"""Reads statuses of one server, and finds out what they answer: the API names a parent by this server's number only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.mastodon_api import Api
from bots.sources.mastodon_forms import Status, read_status
from bots.sources.mastodon_posts import Known, author_id, host_of, post_id

MOST_KNOWN = 50_000  # statuses of one server
Fresh = dict[str, Known]


class Found(msgspec.Struct, frozen=True):
    """A status and what it answers."""

    status: Status
    parent: Known | None


class Reader:
    """One server. For up to `lookups` answers of a page whose parent it has not seen it asks what stands above."""

    def __init__(self, api: Api, lookups: int) -> None:
        self.api, self.host = api, host_of(api.base)
        self._lookups = lookups
        self._known: Lru[str, Known] = Lru(MOST_KNOWN)

    def known(self, number: str) -> Known | None:
        """What is remembered of the status with this number."""
        return self._known.get(number)

    async def read(self, records: Iterable[Any], *, ask: bool = True) -> tuple[list[Found], list[Bad]]:
        """The statuses, each after those above it that were never seen. Raises `HttpError`.

        Only what is returned counts as seen: after a failure all of it is read again.
        """
        found: list[Found] = []
        bad: list[Bad] = []
        fresh: Fresh = {}
        left = self._lookups if ask else 0
        for record in records:
            status = read_status(record)
            if isinstance(status, Bad):
                bad.append(status)
                continue
            above = status.in_reply_to_id
            if above and self._seen(above, fresh) is None and status.tellable and left:
                left -= 1
                found += self._above(await self.api.ancestors(status.id), fresh)
            found.append(self._take(status, fresh))
        for number, known in fresh.items():
            self._known.put(number, known)
        return found, bad

    def _seen(self, number: str, fresh: Fresh) -> Known | None:
        return fresh.get(number) or self._known.get(number)

    def _above(self, records: Sequence[Any], fresh: Fresh) -> list[Found]:
        """The part of a thread above a status; what is malformed there is nobody's news."""
        statuses = [read_status(record) for record in records]
        return [
            self._take(status, fresh)
            for status in statuses
            if isinstance(status, Status) and self._seen(status.id, fresh) is None
        ]

    def _take(self, status: Status, fresh: Fresh) -> Found:
        parent = self._parent(status, fresh)
        own = post_id(status.uri)
        root = parent.root if parent else own
        fresh[status.id] = Known(own, root, author_id(status.account, self.host))
        return Found(status, parent)

    def _parent(self, status: Status, fresh: Fresh) -> Known | None:
        above = status.in_reply_to_id
        if not above:
            return None
        known = self._seen(above, fresh)
        if known is not None:
            return known
        # Hidden, gone or not asked for: an answer all the same, to something that has a name on this server only.
        same = status.in_reply_to_account_id == status.account.id
        author = author_id(status.account, self.host) if same else None
        return Known(post_id(f"{self.api.base}/statuses/{above}"), None, author)
