"""`kill -9` of a replay's process, again and again: nothing is lost, and the resume point never runs ahead."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from random import Random

import msgspec

from streams.records import Post, parse_post, parse_status
from tests.bots.kafka_log import Log
from tests.bots.test_threads import post

PROGRAM = """
import asyncio, sys
from pathlib import Path
from bots.collect import replay
from config.schema import Config
config = Config.model_validate_json(sys.argv[1])
report = asyncio.run(replay(config, sys.argv[2], Path(sys.argv[3]), rate=float(sys.argv[4]) or None))
print(report.problem or "finished")
"""


async def _replay(log: Log, path: Path, rate: float, kill_after: float | None) -> str:
    config = log.config.model_dump_json()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, config, log.bootstrap, str(path), str(rate), stdout=asyncio.subprocess.PIPE
    )
    if kill_after is not None:
        before = await _saved(log)
        while await _saved(log) == before and process.returncode is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(kill_after)
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
    out, _ = await process.communicate()
    return out.decode().strip()


async def _saved(log: Log) -> int:
    records = await log.read(log.topics.cursors)
    cursors = [status.cursor["offset"] for r in records if (status := parse_status(r.value)).cursor]
    return max(cursors, default=0)


async def test_a_replay_killed_five_times_arrives_whole(log: Log, tmp_path: Path) -> None:
    """Replies wait for parents that come later; those hold the resume point back, and come again."""
    random = Random(3)
    posts = [post(n, None if n % 20 == 0 else n - random.randint(1, n % 20)) for n in range(6_000)]
    for at in range(0, 6_000, 10):
        chunk = posts[at : at + 30]
        random.shuffle(chunk)
        posts[at : at + 30] = chunk
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(item) for item in posts))
    for _ in range(5):
        assert await _replay(log, path, 700, random.uniform(0, 0.5)) in ("", "finished")
    assert await _replay(log, path, 0, None) == "finished"
    records = await log.read(log.topics.posts)
    threads: dict[str, set[str | None]] = {}
    for record in records:
        found = parse_post(record.value)
        threads.setdefault(found.id, set()).add(found.thread)
    assert threads == {item.id: {_root(item, {p.id: p for p in posts})} for item in posts}
    assert len(records) < 2 * len(posts)


def _root(item: Post, posts: dict[str, Post]) -> str:
    while item.reply_to is not None:
        item = posts[item.reply_to]
    return item.id
