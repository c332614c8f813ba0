"""From a sender's record to a checked post: in the form of a post, or by the inlet's mapping."""

from __future__ import annotations

from datetime import datetime

import msgspec

from config.inlet_paths import Condition, condition_of, path_of
from config.inlets import Inlet
from streams.api.ingest_body import Item
from streams.api.ingest_mapping import Mapped
from streams.records import BadPost, Post, check_post, encode

MOST_BYTES = 1024 * 1024  # of a post as JSON
MOST_COUNT = 2**53  # of likes and the like: more is no count, and not every reader of JSON can hold it
_COUNTS = ("likes", "reposts", "replies")


class Form:
    """One inlet's way to read records."""

    def __init__(self, inlet: Inlet) -> None:
        self.records = path_of(inlet.records) if inlet.records else None
        self._platform = inlet.network
        self._mapped = Mapped(inlet.mapping, inlet.network) if inlet.mapping else None
        self._only_when = _condition(inlet.only_when)
        self._delete_when = _condition(inlet.delete_when)

    def post(self, item: Item, arrived: datetime) -> Post | None:
        """The post; `None`: the inlet does not want the record. Raises `BadPost`."""
        if item.problem:
            raise BadPost(item.problem)
        if self._only_when is not None and not self._only_when.holds(item.record, item.body):
            return None
        if item.record is None and self.records is not None:
            raise BadPost("nothing stands where the inlet's `records` leads")
        if not isinstance(item.record, dict):
            raise BadPost("the record is no JSON object")
        return self._checked(check_post(self._own(self._formed(item)), arrived))

    def _formed(self, item: Item) -> Post:
        if self._mapped is not None:
            delete = self._delete_when is not None and self._delete_when.holds(item.record, item.body)
            return self._mapped.post(item.record, item.body, delete=delete)
        try:
            return msgspec.convert(item.record, Post)
        except msgspec.ValidationError as error:
            raise BadPost(str(error)) from None

    def _own(self, post: Post) -> Post:
        """Whoever knows the secret of one inlet writes and deletes posts of its platform only."""
        if post.platform not in ("", self._platform):
            raise BadPost(f"`platform` must be {self._platform!r} here, or absent: {post.platform[:80]!r}")
        for name, value in (("id", post.id), ("author.id", post.author.id if post.author else "")):
            if value and not value.startswith(f"{self._platform}:"):
                raise BadPost(f"`{name}` must begin with '{self._platform}:' here: {value[:80]!r}")
        return msgspec.structs.replace(post, platform=self._platform)

    def _checked(self, post: Post) -> Post:
        counts = {name: getattr(post, name) for name in _COUNTS}
        counts["author.followers"] = post.author.followers if post.author else None
        for name, count in counts.items():
            if count is not None and not 0 <= count < MOST_COUNT:
                raise BadPost(f"`{name}` is no count")
        size = len(encode(post))
        if size > MOST_BYTES:
            raise BadPost(f"the post takes {size} bytes; {MOST_BYTES} are the most")
        return post


def _condition(text: str | None) -> Condition | None:
    return condition_of(text) if text else None
