"""Changes of one batch held over the store until they are committed together: reads see them, a crash forgets them."""

from __future__ import annotations

from collections.abc import Iterator

from streams.store import Batch, Store


class Overlay:
    """Pending puts and deletes over a `Store`, and pending links of groups (`family group NUL member`)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: dict[bytes, bytes | None] = {}
        self._links: dict[bytes, dict[bytes, bool]] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value as this batch has left it."""
        return self._pending[key] if key in self._pending else self._store.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self._pending[key] = value

    def delete(self, key: bytes) -> None:
        """Remove a key."""
        self._pending[key] = None

    def link(self, family: bytes, group: str, member: str) -> None:
        """Make `member` part of a group."""
        self._links.setdefault(_group(family, group), {})[member.encode()] = True

    def unlink(self, family: bytes, group: str, member: str) -> None:
        """Take `member` out of a group."""
        self._links.setdefault(_group(family, group), {})[member.encode()] = False

    def members(self, family: bytes, group: str) -> list[str]:
        """The members of a group, in no particular order."""
        prefix = _group(family, group)
        pending = self._links.get(prefix, {})
        stored = (key[len(prefix) :] for key, _ in self._store.scan(prefix))
        members = [member for member in stored if pending.get(member, True)]
        known = set(members)
        members += [member for member, present in pending.items() if present and member not in known]
        return [member.decode() for member in members]

    def scan_stored(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The committed pairs under a prefix; pending changes are not seen."""
        return self._store.scan(prefix)

    def fill(self, batch: Batch) -> None:
        """Move everything pending into a batch, and begin anew."""
        for key, value in self._pending.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        for prefix, members in self._links.items():
            for member, present in members.items():
                if present:
                    batch.put(prefix + member, b"")
                else:
                    batch.delete(prefix + member)
        self.reset()

    def reset(self) -> None:
        """Forget everything pending."""
        self._pending, self._links = {}, {}


def _group(family: bytes, group: str) -> bytes:
    return family + group.encode() + b"\x00"
