"""`replay`: a real file through the real Kafka."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bots.collect import replay
from streams.records import Post, parse_post
from tests.bots.kafka_log import Log

RECORDING = Path(__file__).parents[3] / "shared" / "recordings" / "threads" / "reddit.jsonl"


def true_roots(posts: list[Post]) -> dict[str, str]:
    """An independent reading: climb from each post to the last parent that is named."""
    parents = {post.id: post.reply_to for post in posts}
    roots = {}
    for post in posts:
        at = post.id
        while (parent := parents.get(at)) is not None:
            at = parent
        roots[post.id] = at
    return roots


pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason="the recorded threads are not beside the repository")


def recorded() -> list[Post]:
    """The recording's posts, read independently."""
    return [msgspec.json.decode(line, type=Post) for line in RECORDING.read_bytes().splitlines()]


async def test_every_recorded_post_arrives_once_in_its_thread(log: Log) -> None:
    """A second replay of the same file has nothing left to do."""
    report = await replay(log.config, log.bootstrap, RECORDING)
    records = await log.read(log.topics.posts)
    found = [parse_post(record.value) for record in records]
    assert {post.id: post.thread for post in found} == {post.id: post.thread for post in recorded()}
    assert report.posts == len(found) == len(recorded())
    threads: dict[str | None, int] = {}
    for record, post in zip(records, found, strict=True):
        assert threads.setdefault(post.thread, record.partition) == record.partition
    again = await replay(log.config, log.bootstrap, RECORDING)
    assert (again.posts, again.skipped_lines) == (0, len(found))


async def test_threads_are_found_where_the_network_names_only_parents(log: Log, tmp_path: Path) -> None:
    """In the worst order: every reply before its parent."""
    posts = [msgspec.structs.replace(post, thread=None) for post in reversed(recorded())]
    path = tmp_path / "backwards.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(post) for post in posts))
    await replay(log.config, log.bootstrap, path)
    found = [parse_post(record.value) for record in await log.read(log.topics.posts)]
    assert {post.id: post.thread for post in found} == true_roots(posts)
