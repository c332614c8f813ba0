"""From real servers to Kafka: `tertulia collect` is killed in the midst, and the topic ends with what they hold."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from config.schema import Config
from streams.admin import ensure_topics
from streams.records import parse_post
from streams.topics import Topics
from tests.bots.kafka_log import Log, newest
from tests.e2e.worker_process import ROOT, tertulia
from tests.real.networks import Network, OfAtproto, OfFediverse, OfFeeds, OfNostr
from tests.real.running import until

NETWORKS: dict[str, Callable[[Path], Network]] = {
    "rss": OfFeeds,
    "mastodon": OfFediverse,
    "bluesky": OfAtproto,
    "nostr": OfNostr,
}
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def settings(kafka: str, namespace: str) -> dict[str, Any]:
    """A configuration without sources."""
    return {
        "namespace": namespace.lower(),
        "kafka": {"bootstrap": kafka, "posts_partitions": 2},
        "brands": [{"name": "tea", "terms": ["té"]}],
    }


@contextmanager
def collector(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """`tertulia collect`, and at the end `kill -9`."""
    file = folder / "tertulia.yaml"
    file.write_text(json.dumps(settings))  # JSON is YAML
    command = tertulia("collect", "--config", str(file), "--data-dir", str(folder / "data"))
    with (folder / "collect.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
        assert process.poll() is None, "the collector ended by itself"
    except AssertionError as error:
        error.add_note((folder / "collect.log").read_text()[-3_000:])
        raise
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", NETWORKS)
async def test_killed_in_the_midst_the_topic_ends_with_what_the_server_holds(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    network = NETWORKS[name](tmp_path)
    others = {other: {"enabled": False} for other in ("bluesky", "hackernews", "rss", "demo") if other != name}
    topics = Config.model_validate(settings)
    log = Log(settings["kafka"]["bootstrap"], topics)
    await ensure_topics(log.bootstrap, Topics(topics).specs())
    settings |= {"sources": others | {name: {"enabled": True, **network.options}}}

    async def texts() -> list[str]:
        values = newest(await log.read(log.topics.posts)).values()
        return sorted(parse_post(value).text for value in values if value is not None)

    async def begun() -> bool:
        return len(await texts()) >= 10

    async def whole() -> bool:
        return await texts() == await network.held()

    async with AsyncExitStack() as stack:
        await network.start(stack)
        await network.say(0, 20)
        with collector(settings, tmp_path):
            await until(begun, f"the first posts of {name} are in Kafka")
        await network.say(20, 50)  # while the collector is down
        with collector(settings, tmp_path):
            await network.say(50, 60)  # and while it starts
            await until(whole, f"Kafka has what {name} holds")
    assert len(await texts()) == 60
