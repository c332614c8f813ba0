"""`run.json` in the data folder: where the running `tertulia up` can be reached; removed when it ends."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil

NAME = "run.json"


class Running(msgspec.Struct, frozen=True):
    """A running service: its process, Kafka and API."""

    pid: int
    bootstrap: str
    api: str


def write(data_dir: Path, running: Running) -> None:
    """Tell others where the service is; readers never see half a file."""
    scratch = data_dir / f"{NAME}.new"
    scratch.write_bytes(msgspec.json.encode(running))
    scratch.replace(data_dir / NAME)


def remove(data_dir: Path) -> None:
    """The service has ended."""
    (data_dir / NAME).unlink(missing_ok=True)


def read(data_dir: Path) -> Running | None:
    """The service that runs with this data folder, or `None`: none does, or it was killed and left its file behind."""
    try:
        running = msgspec.json.decode((data_dir / NAME).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if psutil.pid_exists(running.pid) else None
