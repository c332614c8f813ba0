"""Fetching Kafka's jars, against a Maven repository on loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import ArtifactError, ensure_artifacts
from streams.broker.artifacts import Pin, default_cache_dir, read_pins

CONTENT = {"org.example:one:1.0": b"one" * 1_000, "org.example.deep:two:2.1": b"two" * 50_000}


def pin(coordinate: str) -> Pin:
    content = CONTENT[coordinate]
    return Pin(coordinate, hashlib.sha256(content).hexdigest(), len(content))


PINS = [pin(coordinate) for coordinate in CONTENT]


def fill(folder: Path) -> None:
    """Lay the artifacts out as a Maven repository does."""
    for coordinate, content in CONTENT.items():
        group, artifact, version = coordinate.split(":")
        place = folder.joinpath(*group.split("."), artifact, version)
        place.mkdir(parents=True)
        (place / f"{artifact}-{version}.jar").write_bytes(content)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A Maven repository: its folder and address."""
    folder = tmp_path / "repository"
    fill(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_maven_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))


def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Point jgo at `address`, as a user behind a company mirror does."""
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = {address}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))


def nowhere() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_the_first_start_fetches_and_the_second_needs_no_network(
    tmp_path: Path, repository: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, monkeypatch, repository[1])
    seen: list[tuple[int, int, str]] = []
    paths = ensure_artifacts(tmp_path / "cache", lambda *progress: seen.append(progress), pins=PINS)
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    total = sum(map(len, CONTENT.values()))
    assert seen[-1][:2] == (total, total)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert sorted(p.name for p in (tmp_path / "cache/kafka-jars").iterdir()) == ["one-1.0.jar", "two-2.1.jar"]

    mirror(tmp_path, monkeypatch, nowhere())
    assert ensure_artifacts(tmp_path / "cache", pins=PINS) == paths


def test_a_damaged_jar_is_fetched_again(
    tmp_path: Path, repository: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, monkeypatch, repository[1])
    paths = ensure_artifacts(tmp_path / "cache", pins=PINS)
    paths[0].write_bytes(b"x" * PINS[0].size)
    paths[1].write_bytes(b"cut short")
    ensure_artifacts(tmp_path / "cache", pins=PINS)
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())


def test_a_jar_that_is_not_the_pinned_one_is_never_used(
    tmp_path: Path, repository: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, monkeypatch, repository[1])
    (repository[0] / "org/example/one/1.0/one-1.0.jar").write_bytes(b"evil")
    with pytest.raises(ArtifactError, match=r"one-1\.0\.jar is not the file that Tertulia was tested with"):
        ensure_artifacts(tmp_path / "cache", pins=PINS)
    assert not (tmp_path / "cache/kafka-jars/one-1.0.jar").exists()


def test_an_unreachable_repository_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror(tmp_path, monkeypatch, nowhere())
    with pytest.raises(ArtifactError, match=r"cannot be reached from here.*kafka\.bootstrap: HOST:PORT"):
        ensure_artifacts(tmp_path / "cache", pins=PINS)
    assert not list((tmp_path / "cache/kafka-jars").iterdir())


def test_a_repository_without_the_jar_is_explained(
    tmp_path: Path, repository: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(tmp_path, monkeypatch, repository[1])
    (repository[0] / "org/example/one/1.0/one-1.0.jar").unlink()
    with pytest.raises(ArtifactError, match=r"lack org\.example:one"):
        ensure_artifacts(tmp_path / "cache", pins=PINS)


def test_what_maven_has_on_this_machine_is_taken_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror(tmp_path, monkeypatch, nowhere())
    fill(tmp_path / "m2")
    paths = ensure_artifacts(tmp_path / "cache", pins=PINS)
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())


def test_a_cache_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArtifactError, match="cannot write to"):
        ensure_artifacts(tmp_path / "file", pins=PINS)


def test_the_shipped_list_is_one_kafka_with_its_logging() -> None:
    pins = read_pins()
    versions = {p.coordinate.split(":")[2] for p in pins if p.coordinate.startswith("org.apache.kafka:")}
    assert len(versions) == 1
    assert len({p.filename for p in pins}) == len(pins)
    assert all(len(p.sha256) == 64 and p.size > 0 for p in pins)
    assert {"log4j-core", "log4j-slf4j-impl"} <= {p.coordinate.split(":")[1] for p in pins}


def test_the_cache_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "tertulia"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_dir() == Path.home() / ".cache/tertulia"
