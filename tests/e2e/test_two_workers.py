"""Two worker processes on one Kafka: they share the brands, either answers for all, one survives the other."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from config.schema import Brand, Views
from streams.topics import partition_of
from streams.views.window import Window
from tests.e2e.talk import Talk, expected, lines
from tests.e2e.worker_process import PATIENCE_S, ROOT, Asker, WorkerProcess, tertulia

NAMES = ("aurora", "borealis", "cobalt", "dahlia", "ember", "fennel", "maple", "olive")
PARTITIONS = 4
BRANDS = tuple(Brand(name=name, terms=(name,), own=(f"test:own-{name}",), group="all") for name in NAMES)
VIEWS = Views(min_posts=1, min_authors=1)
MOMENT = {"since"}  # when the first post was seen: not a number of the conversation

pytestmark = pytest.mark.timeout(600)


class Scene:
    """The workers, the conversation, and what must be answered about it by now."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder, self.config = folder, config
        self.workers = [WorkerProcess(name, folder, config) for name in ("one", "two")]
        now = datetime.now(UTC).replace(microsecond=0)
        self.window = Window(now - timedelta(hours=12), now)
        self.talks = [Talk(name, now - timedelta(hours=10)) for name in NAMES]
        self._rounds = 0

    def feed(self) -> None:
        """More threads for every brand, by `tertulia replay`."""
        sent = [len(talk.posts) for talk in self.talks]
        for place, talk in enumerate(self.talks):
            for number in range(self._rounds * 12, self._rounds * 12 + 4 + place):
                talk.thread(number)
        self._rounds += 1
        path = self.folder / f"round-{self._rounds}.jsonl"
        path.write_bytes(b"".join(lines(p for talk, n in zip(self.talks, sent, strict=True) for p in talk.posts[n:])))
        words = ("replay", str(path), "--config", str(self.config), "--data-dir", str(self.folder / "replay"))
        subprocess.run(tertulia(*words), cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE_S)

    def expected(self) -> dict[str, Any]:
        """The right answer for every brand."""
        return {
            name: {key: value for key, value in numbers.items() if key not in MOMENT}
            for name, numbers in expected(self.talks, BRANDS, self.window, VIEWS).items()
        }

    def params(self) -> dict[str, str]:
        """The question: always the same window."""
        return {"window": "12h", "to": self.window.end.isoformat().replace("+00:00", "Z")}


@pytest.fixture
def scene(kafka: str, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """Both workers, started at once on topics that do not exist yet."""
    settings = {
        "namespace": namespace.lower(),
        "kafka": {"bootstrap": kafka, "posts_partitions": PARTITIONS, "brand_partitions": PARTITIONS},
        "brands": [brand.model_dump(mode="json") for brand in BRANDS],
        "classifiers": {"sentiment": {"model": "none"}},
        "views": {"min_posts": 1, "min_authors": 1},
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


async def held(asker: Asker, worker: WorkerProcess) -> set[str]:
    """The brands that a worker holds itself; none while it is not ready."""
    status, answer = await asker.get(worker, "/readyz")
    return set(answer["brands"]) if status == 200 else set()


async def unshared(asker: Asker, workers: Sequence[WorkerProcess]) -> str:
    """Empty once every brand is held by exactly one of the workers, and each worker holds some."""
    parts = [await held(asker, worker) for worker in workers]
    good = all(parts) and sorted(name for part in parts for name in part) == sorted(NAMES)
    return "" if good else f"they hold {parts}"


async def pulses(asker: Asker, worker: WorkerProcess, scene: Scene) -> dict[str, Any]:
    """What a worker answers for each brand; a brand that is moving is left out."""
    found = {}
    for name in NAMES:
        status, answer = await asker.get(worker, f"/api/brands/{name}/pulse", **scene.params())
        assert status in (0, 200, 503), answer
        if status == 200:
            assert answer.pop("brand") == name
            found[name] = {key: value for key, value in answer.items() if key not in MOMENT}
    return found


async def wrong(asker: Asker, worker: WorkerProcess, scene: Scene) -> str:
    """Empty once a worker answers the right numbers for every brand."""
    found, expected = await pulses(asker, worker, scene), scene.expected()
    return "; ".join(
        f"{name}: {differences(found.get(name), expected[name])}" for name in NAMES if found.get(name) != expected[name]
    )


def differences(found: dict[str, Any] | None, expected: dict[str, Any]) -> str:
    """What a person has to see of two unequal answers."""
    if found is None:
        return "no answer"
    keys = sorted(found.keys() | expected.keys())
    return ", ".join(
        f"{key} {found.get(key)} != {expected.get(key)}" for key in keys if found.get(key) != expected.get(key)
    )


async def unshared_without_a_wrong_number(asker: Asker, workers: Sequence[WorkerProcess], scene: Scene) -> str:
    """As `unshared`; on the way a brand may not answer, but when it does, it is right."""
    expected = scene.expected()
    for worker in workers:
        for name, answer in (await pulses(asker, worker, scene)).items():
            for key in ("posts", "authors", "by_kind", "peer_share"):
                assert answer[key] == expected[name][key], f"{worker.name} on {name}: {key}"
    return await unshared(asker, workers)


async def mentions(asker: Asker, worker: WorkerProcess, scene: Scene, brand: str) -> dict[str, str]:
    """Every post of a brand and why it belongs, page by page."""
    found: dict[str, str] = {}
    params = {**scene.params(), "limit": "7"}
    while True:
        status, page = await asker.get(worker, f"/api/brands/{brand}/mentions", **params)
        assert status == 200, page
        for entry in page["mentions"]:
            assert entry["post"]["id"] not in found, "a walk through the pages sees each entry once"
            found[entry["post"]["id"]] = entry["via"]
        if page["next"] is None:
            return found
        params["after"] = page["after"]


def test_the_brands_lie_in_every_partition() -> None:
    """Or the tests below would show little."""
    assert {partition_of(name, PARTITIONS) for name in NAMES} == set(range(PARTITIONS))


async def test_two_workers_share_the_brands_and_one_survives_the_other(scene: Scene, asker: Asker) -> None:
    """Share, answer for each other, `kill -9`, take over, go on, come back."""
    one, two = scene.workers
    await asker.until("the two share the brands", lambda: unshared(asker, scene.workers))

    scene.feed()
    for worker in scene.workers:
        await asker.until(f"{worker.name} is right about every brand", partial(wrong, asker, worker, scene))
    for talk in scene.talks:
        kept = {post_id: entry.via for post_id, entry in talk.kept.items()}
        assert await mentions(asker, one, scene, talk.brand) == await mentions(asker, two, scene, talk.brand) == kept

    two.end(signal.SIGKILL)
    await asker.until("the survivor holds every brand", lambda: unshared_without_a_wrong_number(asker, [one], scene))
    assert await wrong(asker, one, scene) == ""

    scene.feed()
    await asker.until("the survivor is right about what came meanwhile", lambda: wrong(asker, one, scene))

    two.start()
    await asker.until(
        "both share the brands again", lambda: unshared_without_a_wrong_number(asker, scene.workers, scene)
    )
    for worker in scene.workers:
        await asker.until(f"{worker.name} is right after the return", partial(wrong, asker, worker, scene))

    scene.feed()
    for worker in scene.workers:
        await asker.until(f"{worker.name} is right in the end", partial(wrong, asker, worker, scene))
    assert one.end() == two.end() == 0
