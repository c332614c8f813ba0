"""The embedded broker's life: starting, stopping, dying, coming back, and what it leaves behind (nothing)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.admin import Admin, TopicSpec, ensure_topics
from streams.broker import (
    ArtifactError,
    BrokerError,
    BrokerEvent,
    EmbeddedKafka,
    default_cache_dir,
    ensure_artifacts,
    startup_cache,
)
from streams.broker.settings import Layout
from tests.kafka_fixture import unavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def jars() -> None:
    try:
        ensure_artifacts(default_cache_dir())
    except ArtifactError as error:
        unavailable(str(error))


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedKafka]:
    async with EmbeddedKafka(tmp_path) as running:
        yield running


async def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.05)


async def produce(bootstrap: str, topic: str, count: int) -> None:
    await ensure_topics(bootstrap, [TopicSpec(topic, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for i in range(count):
            await producer.send_and_wait(topic, str(i).encode())
    finally:
        await producer.stop()


async def consume(bootstrap: str, topic: str, count: int) -> list[int]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            return [int((await consumer.getone()).value) for _ in range(count)]
    finally:
        await consumer.stop()


async def test_the_second_start_finds_the_data_and_the_port_again(tmp_path: Path) -> None:
    async with EmbeddedKafka(tmp_path) as first:
        address, pid = first.bootstrap, first.pid
        await produce(first.bootstrap, "t", 50)
    assert pid is not None and not psutil.pid_exists(pid)
    async with EmbeddedKafka(tmp_path) as second:
        assert second.bootstrap == address
        assert await consume(second.bootstrap, "t", 50) == list(range(50))


async def test_a_folder_of_any_name_will_do(tmp_path: Path) -> None:
    """Kafka splits its folder at commas, Java's properties escape with backslashes, log4j reads URIs."""
    async with EmbeddedKafka(tmp_path / "dä ta, %20 #1 \\b") as broker:
        assert broker.pid is not None


async def test_it_listens_on_loopback_only(broker: EmbeddedKafka) -> None:
    assert broker.pid is not None
    listening = [c.laddr.ip for c in psutil.Process(broker.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert len(listening) == 2
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


async def test_killed_it_comes_back_with_all_that_it_had_acknowledged(tmp_path: Path) -> None:
    events: list[BrokerEvent] = []
    async with EmbeddedKafka(tmp_path, on_event=events.append) as broker:
        await produce(broker.bootstrap, "t", 200)
        killed = broker.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await until(lambda: broker.restarts == 1)
        assert broker.pid not in (None, killed)
        assert await consume(broker.bootstrap, "t", 200) == list(range(200))
    assert [event.kind for event in events] == ["ready", "died", "ready"]
    assert "it was killed (signal 9)" in events[1].message


async def test_stopped_while_it_waits_to_restart_it_leaves_nothing(tmp_path: Path) -> None:
    events: list[BrokerEvent] = []
    broker = EmbeddedKafka(tmp_path, on_event=events.append)
    await broker.start()
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    await until(lambda: events[-1].kind == "died")
    await broker.stop()
    await broker.stop()  # twice is allowed
    assert broker.pid is None
    assert not brokers_of(tmp_path)


def brokers_of(data_dir: Path) -> list[int]:
    """The processes that run a broker of this folder."""
    mark = str(Layout(data_dir / "kafka").properties)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if mark in (process.info["cmdline"] or []):
            found.append(process.pid)
    return found


PARENT = """
import asyncio, sys
from pathlib import Path
from streams.broker import EmbeddedKafka

async def main():
    broker = EmbeddedKafka(Path(sys.argv[1]))
    await broker.start()
    print(broker.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def start_parent(data_dir: Path) -> tuple[subprocess.Popen[str], int]:
    """Another Python process with a broker: it, and the broker's pid."""
    command = [sys.executable, "-c", PARENT, str(data_dir)]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent; others: the next test")
async def test_it_dies_with_its_killed_parent(tmp_path: Path) -> None:
    parent, broker = await asyncio.to_thread(start_parent, tmp_path)
    parent.kill()
    parent.wait()
    await until(lambda: not psutil.pid_exists(broker) or psutil.Process(broker).status() == "zombie")


async def test_a_broker_left_behind_is_ended_by_the_next_start(tmp_path: Path) -> None:
    """As on systems where the broker outlives a killed parent."""
    async with EmbeddedKafka(tmp_path):
        pass
    layout = Layout(tmp_path / "kafka")
    # Not a broker, but by its command line it is one: what counts is who is recognised.
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(layout.properties)])
    layout.pid.write_text(str(orphan.pid))
    async with EmbeddedKafka(tmp_path) as broker:
        assert orphan.wait(5) is not None
        assert broker.pid != orphan.pid


async def test_a_stranger_with_the_old_pid_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    layout = Layout(tmp_path / "kafka")
    layout.root.mkdir()
    layout.pid.write_text(str(stranger.pid))
    try:
        async with EmbeddedKafka(tmp_path):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_two_in_one_folder_are_told_apart(broker: EmbeddedKafka, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"another tertulia is running in .*--data-dir"):
        await EmbeddedKafka(tmp_path).start()
    assert broker.pid is not None and psutil.pid_exists(broker.pid)


async def test_a_configured_port_that_is_busy_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"port {port} on 127\.0\.0\.1 is taken.*kafka\.port"):
            await EmbeddedKafka(tmp_path, port=port).start()


async def test_an_automatic_port_that_is_busy_is_replaced_and_the_data_stay(tmp_path: Path) -> None:
    async with EmbeddedKafka(tmp_path) as first:
        await produce(first.bootstrap, "t", 5)
    client, controller = json.loads(Layout(tmp_path / "kafka").ports.read_text())
    with socket.socket() as busy, socket.socket() as busy_too:
        for holder, port in ((busy, client), (busy_too, controller)):
            holder.bind(("127.0.0.1", port))
            holder.listen()
        async with EmbeddedKafka(tmp_path) as second:
            assert second.bootstrap not in (f"127.0.0.1:{client}", f"127.0.0.1:{controller}")
            assert await consume(second.bootstrap, "t", 5) == [0, 1, 2, 3, 4]


async def test_an_impossible_setting_is_reported_and_nothing_runs(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path, overrides={"log.segment.bytes": "many"})
    with pytest.raises(BrokerError, match=r"log\.segment\.bytes"):
        await broker.start()
    assert not brokers_of(tmp_path)
    async with EmbeddedKafka(tmp_path):  # the lock was given back
        pass


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="needs Linux's prlimit")
async def test_a_disk_that_takes_no_more_is_reported(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: Kafka gives up its only log folder in the same way."""
    events: list[BrokerEvent] = []
    async with EmbeddedKafka(tmp_path, on_event=events.append) as broker:
        await ensure_topics(broker.bootstrap, [TopicSpec("t", 1)])
        psutil.Process(broker.pid).rlimit(psutil.RLIMIT_FSIZE, (2_000_000, 2_000_000))
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
        await producer.start()
        flood = [await producer.send("t", bytes(100_000)) for _ in range(30)]
        await until(lambda: [event.kind for event in events] == ["ready", "died", "ready"])
        assert len(await asyncio.gather(*flood)) == 30  # the new process has no such limit: nothing was lost
        await producer.stop()
    assert "cannot write to its folder" in events[1].message


async def test_too_little_disk_is_refused_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.broker.diagnosis.LEAST_FREE", 1 << 60)
    with pytest.raises(BrokerError, match=r"the disk that holds .* is full"):
        await EmbeddedKafka(tmp_path).start()


async def test_warnings_can_be_shown(broker: EmbeddedKafka) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.cluster_id()
    assert any(line.startswith("WARN") for line in broker.warnings())


async def test_the_startup_cache_is_recorded_once_and_used(tmp_path: Path) -> None:
    if not startup_cache.SUPPORTED:
        pytest.skip("this Java runtime is older than 25")
    shutil.copytree(default_cache_dir() / "kafka-jars", tmp_path / "cache/kafka-jars")
    assert await startup_cache.build(tmp_path / "cache")
    assert await startup_cache.build(tmp_path / "cache")  # nothing to do
    assert sorted(p.name for p in (tmp_path / "cache").iterdir()) == [
        startup_cache.location(tmp_path / "cache").name, "kafka-jars",
    ]  # fmt: skip
    async with EmbeddedKafka(tmp_path / "data", cache_dir=tmp_path / "cache") as broker:
        assert f"-XX:AOTCache={startup_cache.location(tmp_path / 'cache')}" in psutil.Process(broker.pid).cmdline()
        assert not [line for line in broker.warnings() if "aot" in line]


async def test_a_damaged_startup_cache_does_no_harm(tmp_path: Path) -> None:
    shutil.copytree(default_cache_dir() / "kafka-jars", tmp_path / "cache/kafka-jars")
    startup_cache.location(tmp_path / "cache").write_bytes(b"not a cache")
    async with EmbeddedKafka(tmp_path / "data", cache_dir=tmp_path / "cache") as broker:
        assert broker.pid is not None


async def test_a_connection_for_administration_outlives_the_broker(broker: EmbeddedKafka) -> None:
    async with Admin(broker.bootstrap) as admin:
        await admin.ensure_topics([TopicSpec("t", 1)])
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        assert await admin.end_offsets(["t"]) == {("t", 0): 0}
