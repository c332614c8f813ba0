"""The life of a Threads token: 60 days, renewed where the new one can be kept, else told in time.

A renewed token goes into one file that only its owner may read (`token_store`), never into the resume point or a log.
Source: developers.facebook.com/docs/threads/get-started/long-lived-tokens.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bots.http import HttpError
from bots.sources.base import Misconfigured
from bots.sources.threads_api import ThreadsApi

log = logging.getLogger(__name__)

DAY_S = 86_400.0
RENEW_S = 7 * DAY_S  # after the last time
WARN_S = 14 * DAY_S  # before the end
SEARCHING = "threads_keyword_search"


class Kept(msgspec.Struct, frozen=True):
    """What stands in the file. `of` tells for which configured token: another one there makes this one worthless."""

    of: str
    token: str
    renewed: int
    expires: int


class Token:
    """Looks after the token of an API: `attend` once in a while. Raises `Misconfigured` for what a person must mend."""

    def __init__(self, api: ThreadsApi, store: Path | None, now: Callable[[], datetime]) -> None:
        self._api, self._store, self._now = api, store, now
        self._of = hashlib.sha256(api.token.encode()).hexdigest()
        self._renewed = self._next = 0.0
        if store is not None:
            self._open(store)

    async def attend(self) -> None:
        """Once a day: renew it, or see how long it lives."""
        now = self._now().timestamp()
        if now < self._next:
            return
        self._next = now + DAY_S
        if self._store is None:
            await self._check(now)
        elif now - self._renewed >= RENEW_S:
            await self._renew(self._store, now)

    def _open(self, store: Path) -> None:
        try:
            kept = msgspec.json.decode(store.read_bytes(), type=Kept)
        except FileNotFoundError:
            if not os.access(store.parent, os.W_OK):
                raise Misconfigured(f"sources.threads.token_store: {store.parent} cannot be written") from None
            return
        except OSError as error:
            raise Misconfigured(f"sources.threads.token_store: {store} cannot be read: {error.strerror}") from error
        except ValueError:
            raise Misconfigured(
                f"sources.threads.token_store: {store} holds something else; name another file"
            ) from None
        if kept.of == self._of:
            self._api.token, self._renewed = kept.token, float(kept.renewed)

    async def _renew(self, store: Path, now: float) -> None:
        try:
            renewed = await self._api.renew()
        except HttpError as error:
            log.warning("threads: the token was not renewed, the next try is in a day: %s", error)
            return
        self._api.token, self._renewed = renewed.access_token, now
        kept = Kept(self._of, renewed.access_token, int(now), int(now) + renewed.expires_in)
        try:
            await asyncio.to_thread(_write, store, msgspec.json.encode(kept))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            log.error("sources.threads.token_store: the renewed token cannot be kept in %s: %s", store, reason)

    async def _check(self, now: float) -> None:
        try:
            life = await self._api.life()
        except HttpError as error:
            log.info("threads does not tell how long the token lives: %s", error)
            return
        if life.scopes and SEARCHING not in life.scopes:
            raise Misconfigured(f"sources.threads.token: it was made without the permission {SEARCHING}")
        if not life.expires:
            return
        level = logging.WARNING if life.expires - now < WARN_S else logging.INFO
        day, days = datetime.fromtimestamp(life.expires, UTC), max(0, int((life.expires - now) // DAY_S))
        words = "sources.threads.token: it expires on %s, in %d days, and is not renewed without a token_store"
        log.log(level, words, f"{day:%Y-%m-%d}", days)


def _write(path: Path, content: bytes) -> None:
    """As a whole or not at all, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
