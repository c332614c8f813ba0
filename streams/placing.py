"""Where in the topic `posts` a post goes, and under which key: the same for everyone who writes there."""

from __future__ import annotations

from streams.outbox import Send
from streams.records import Post, event_ms
from streams.topics import partition_of


def placed(post: Post, value: bytes, partitions: int) -> list[Send]:
    """The records, in order, that bring `post` to the topic; `value` is its bytes.

    A deletion names only the post, and an erasure only the author: they go wherever these may be. Behind a deletion
    stands a tombstone, which takes the text out of the log. An erasure stands under a key of its own for each time and
    word, for compaction must not let an older one replace it before every partition has read it.
    """
    if post.op != "delete":
        return [(partition_of(post.root, partitions), post.id.encode(), value)]
    if post.erases_author:
        key = f"\x00erasure\x00{post.id}\x00{event_ms(post)}\x00{post.again}".encode()  # no post's id holds a NUL
        return [(number, key, value) for number in range(partitions)]
    key = post.id.encode()
    return [send for number in range(partitions) for send in ((number, key, value), (number, key, None))]
