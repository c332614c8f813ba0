"""`tertulia forget` over two worker processes: gone everywhere, and not back by a replay or with a worker that died."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from streams.records import Author, Post
from tests.e2e.talk import lines
from tests.e2e.worker_process import PATIENCE_S, ROOT, Asker, WorkerProcess, tertulia

BRANDS = ("aurora", "borealis", "fjord", "ember")  # one in each of the four partitions
ANA = "test:ana"
PARTITIONS = 4

pytestmark = pytest.mark.timeout(600)


class Scene:
    """Two workers that share the partitions, and what is said."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder, self.config = folder, config
        self.workers = [WorkerProcess(name, folder, config) for name in ("one", "two")]
        self.start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        self.posts = [self.post(number, ANA if number % 2 else "test:ben") for number in range(40)]

    def post(self, number: int, author: str, at: datetime | None = None) -> Post:
        """A post that names one of the brands; the threads lie in every partition."""
        return Post(
            id=f"test:{number}",
            platform="test",
            author=Author(author),
            text=f"I like {BRANDS[number % len(BRANDS)]}",
            created_at=at or self.start + timedelta(minutes=number),
        )

    def tell(self, posts: Sequence[Post], *more: str) -> None:
        """By `tertulia replay`."""
        path = self.folder / f"{len(posts)}.jsonl"
        path.write_bytes(b"".join(lines(posts)))
        self.command("replay", str(path), *more, "--data-dir", str(self.folder / "replay"))

    def command(self, *words: str) -> Any:
        """What a command prints as JSON."""
        line = tertulia(*words, "--json", "--config", str(self.config))
        done = subprocess.run(line, cwd=ROOT, check=False, capture_output=True, timeout=PATIENCE_S)
        assert done.stdout, done.stderr.decode()
        return json.loads(done.stdout)

    def counts(self, *more: Post) -> set[str]:
        """What is left: all that Ana did not write."""
        said = [post for post in self.posts if post.author is not None and post.author.id != ANA]
        return {post.id for post in (*said, *more)}


@pytest.fixture
def scene(kafka: str, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """Both workers run."""
    settings = {
        "namespace": namespace.lower(),
        "kafka": {"bootstrap": kafka, "posts_partitions": PARTITIONS, "brand_partitions": PARTITIONS},
        "brands": [{"name": name, "terms": [name]} for name in BRANDS],
        "classifiers": {"sentiment": {"model": "none"}},
    }
    config = tmp_path / "tertulia.yaml"
    config.write_text(json.dumps(settings))  # JSON is YAML
    found = Scene(tmp_path, config)
    for worker in found.workers:
        worker.start()
    yield found
    for worker in found.workers:
        if worker.alive():
            worker.end(signal.SIGKILL)


@pytest_asyncio.fixture
async def asker(scene: Scene) -> AsyncIterator[Asker]:
    """Somebody with questions."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield Asker(session, scene.workers)


async def unshared(asker: Asker, workers: Sequence[WorkerProcess]) -> str:
    """Empty once each of the workers holds some brands, and all of them are held."""
    parts = []
    for worker in workers:
        status, answer = await asker.get(worker, "/readyz")
        parts.append(answer["brands"] if status == 200 else [])
    good = all(parts) and sorted(name for part in parts for name in part) == sorted(BRANDS)
    return "" if good else f"they hold {parts}"


async def told(asker: Asker, worker: WorkerProcess) -> set[str]:
    """The posts of all brands, as a worker answers."""
    found: set[str] = set()
    for name in BRANDS:
        status, page = await asker.get(worker, f"/api/brands/{name}/mentions", window="3h", limit="500")
        if status == 200:
            found |= {entry["post"]["id"] for entry in page["mentions"]}
    return found


async def wrong(asker: Asker, worker: WorkerProcess, expected: set[str]) -> str:
    """Empty once a worker tells of exactly these posts."""
    found = await told(asker, worker)
    return "" if found == expected else f"too many {sorted(found - expected)}, missing {sorted(expected - found)}"


async def test_an_author_is_forgotten_everywhere_and_stays_so(scene: Scene, asker: Asker) -> None:
    one, two = scene.workers
    await asker.until("the two share the brands", lambda: unshared(asker, scene.workers))
    scene.tell(scene.posts)
    await asker.until("all is told", lambda: wrong(asker, one, {post.id for post in scene.posts}))

    while (answer := scene.command("forget", ANA, "--yes", "--api", two.url))["to_go"]:
        assert answer["partitions"] == 2 * PARTITIONS  # a busy machine may take longer than it waits
    for worker in scene.workers:  # done is done: nobody has to be asked twice
        assert await wrong(asker, worker, scene.counts()) == ""
    for line in (scene.folder / "two" / "audit.jsonl").read_text().splitlines():
        assert json.loads(line)["author"] == ANA

    news = [scene.post(100, ANA, datetime.now(UTC)), scene.post(101, "test:ben", datetime.now(UTC))]
    scene.tell([*scene.posts, *news], "--again")
    await asker.until("what others say counts", lambda: wrong(asker, one, scene.counts(news[1])))

    two.end(signal.SIGKILL)
    await asker.until("the survivor holds every brand", lambda: unshared(asker, [one]))
    assert await wrong(asker, one, scene.counts(news[1])) == ""
    scene.tell([*scene.posts, *news, scene.post(102, "test:ben", datetime.now(UTC))], "--again")
    await asker.until("it goes on", lambda: wrong(asker, one, scene.counts(news[1], scene.post(102, "test:ben"))))

    while scene.command("forget", ANA, "--undo", "--api", one.url)["to_go"]:
        continue
    back = scene.post(103, ANA, datetime.now(UTC))
    scene.tell([*scene.posts, *news, back], "--again")
    expected = scene.counts(news[1], scene.post(102, "test:ben"), back)
    await asker.until("the author is back, with what is new alone", lambda: wrong(asker, one, expected))
