"""Renews `artifacts.txt` for another Kafka version: `python -m streams.broker.repin 4.4.0`. For maintainers."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from jgo.maven import Dependency, MavenContext

from streams.broker.artifacts import PINS, Pin, _sha256

KAFKA = "org.apache.kafka:kafka_2.13"
LOG4J_BRIDGE = "org.apache.logging.log4j:log4j-slf4j-impl"  # not transitive: Kafka's own distribution adds it as well


def resolve(version: str, folder: Path) -> list[Pin]:
    """Every jar that `version` needs to run, with what Maven Central serves for it now."""
    maven = MavenContext(repo_cache=folder)
    inputs, transitive = maven.resolver.resolve([maven.create_dependency(f"{KAFKA}:{version}")])
    found = [*inputs, *transitive]
    log4j = next(d.version for d in found if d.artifactId == "log4j-core")
    return [_pin(d) for d in [*found, maven.create_dependency(f"{LOG4J_BRIDGE}:{log4j}")]]


def _pin(dependency: Dependency) -> Pin:
    path = dependency.artifact.resolve()
    coordinate = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
    return Pin(coordinate, _sha256(path), path.stat().st_size)


def main(version: str) -> None:
    """Write the list. Compare the checksums with those that the projects publish before you commit it."""
    with tempfile.TemporaryDirectory() as folder:
        pins = resolve(version, Path(folder))
    head = f"# Apache Kafka {version} and what it needs: SHA-256, bytes, coordinate. Made by streams/broker/repin.py.\n"
    PINS.write_text(head + "".join(f"{p.sha256} {p.size} {p.coordinate}\n" for p in pins), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
