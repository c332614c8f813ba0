"""What people are told when the broker has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.broker.diagnosis import cause


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (1, ["ERROR LogDirFailureChannel: ... java.io.IOException: No space left on device"], "is full: make room"),
        (1, ["ERROR x: java.net.BindException: Address already in use"], "its port 9 on 127.0.0.1 was taken"),
        (1, ["ERROR x: Failed to acquire lock on file .lock in data. A Kafka instance"], "another Kafka is using"),
        (3, ["Terminating due to java.lang.OutOfMemoryError: Java heap space"], "ran out of memory (heap: 384 MB)"),
        (1, ["ERROR LogManager: Shutdown broker because all log dirs in data have failed"], "cannot write to its"),
        (1, ["ERROR x: java.io.IOException: Too many open files"], "ulimit -n"),
        (-9, ["WARN QuorumController: Performing controller activation."], "it was killed (signal 9)"),
        (1, ["Exception in thread main ConfigException: bad", "\tat kafka.Kafka.main"], "ConfigException: bad"),
        (1, [], "it said nothing"),
    ],
)
def test_a_death_is_explained(code: int, output: list[str], expected: str, tmp_path: Path) -> None:
    assert expected in cause(code, output, tmp_path, 9, 384)
