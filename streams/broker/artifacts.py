"""Kafka's jars: pinned by `artifacts.txt`, fetched once from Maven Central through jgo, checked on every start.

A start whose jars are all there touches no network. A company mirror is taken from jgo's own settings file, a proxy
from the usual variables, and jars that Maven has already fetched on this machine are copied from its local repository.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL, default_maven_repo
from jgo.maven import Artifact, MavenContext, PythonResolver

Progress = Callable[[int, int, str], None]
"""Called with (bytes done, bytes in all, name of the file at hand); from several threads, one at a time."""

PINS = Path(__file__).with_name("artifacts.txt")
DOWNLOADS = 4  # at a time: 45 small files spend their time in round trips
TIMEOUT_S = 30


class ArtifactError(RuntimeError):
    """Kafka's jars cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One jar: its Maven coordinate (group:artifact:version), SHA-256 and size in bytes."""

    coordinate: str
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """The file's name in the cache."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def default_cache_dir() -> Path:
    """Where jars are kept between runs: `$XDG_CACHE_HOME/tertulia`, else `~/.cache/tertulia`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tertulia"


def read_pins(path: Path = PINS) -> list[Pin]:
    """The pinned jars, in class path order. A line: SHA-256, size, coordinate; `#` starts a comment."""
    rows = [line.split() for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [Pin(coordinate, sha256, int(size)) for sha256, size, coordinate in rows]


def ensure_artifacts(
    cache_dir: Path, on_progress: Progress | None = None, *, pins: list[Pin] | None = None
) -> list[Path]:
    """The paths of Kafka's jars in `cache_dir`, fetching what is missing or damaged. Blocks: call it in a thread.

    Raises ArtifactError when a jar cannot be fetched, differs from its pin, or cannot be written.
    """
    pins = read_pins() if pins is None else pins
    folder = cache_dir / "kafka-jars"
    missing = [pin for pin in pins if not _intact(folder / pin.filename, pin)]
    if missing:
        _fetch(missing, folder, on_progress)
    return [folder / pin.filename for pin in pins]


def _intact(path: Path, pin: Pin) -> bool:
    return path.is_file() and path.stat().st_size == pin.size and _sha256(path) == pin.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(pins: list[Pin], folder: Path, on_progress: Progress | None) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Private to this run, beside the target: two first starts at once do not meet, and a rename is atomic.
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as scratch:
            fetcher = _Fetcher(folder, Path(scratch), _Meter(sum(pin.size for pin in pins), on_progress))
            with ThreadPoolExecutor(DOWNLOADS) as pool:
                for _ in pool.map(fetcher.fetch, pins):  # consumed, so that a failure is raised here
                    pass
    except OSError as error:  # what requests raises is an OSError too
        raise ArtifactError(_explain(error, folder)) from error


def _explain(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk that holds {folder} is full: Kafka's jars need 50 MB there"
    if error.errno is not None:  # the file system's; what requests raises carries none
        return f"cannot write to {folder}: {error.strerror}. Set XDG_CACHE_HOME to a folder that can be written"
    return (
        "the embedded broker (Apache Kafka) has to be fetched once from Maven Central, which cannot be reached from "
        "here. Either let this machine reach it (a proxy is taken from HTTPS_PROXY, a mirror from the [repositories] "
        "section of jgo's settings file, ~/.config/jgo.conf), or run a Kafka of your own and name it in tertulia.yaml: "
        f"kafka.bootstrap: HOST:PORT. The cause: {type(error).__name__}: {error}"
    )


class _Meter:
    """Adds up what several downloads have received."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        self._done, self._total, self._report = 0, total, on_progress
        self._lock = threading.Lock()

    def add(self, received: int, name: str) -> None:
        with self._lock:
            self._done += received
            if self._report:
                self._report(self._done, self._total, name)

    @contextmanager
    def download(self, name: str, _size: int) -> Iterator[Callable[[int], None]]:
        """The form in which jgo reports one file."""
        yield lambda received: self.add(received, name)


class _Fetcher:
    """Brings one jar after the other into the cache folder."""

    def __init__(self, folder: Path, scratch: Path, meter: _Meter) -> None:
        self._folder, self._meter = folder, meter
        # The user's repositories first: a company mirror is usually configured because Central is blocked.
        remotes = dict(GlobalSettings.load().repositories)
        remotes.setdefault("central", MAVEN_CENTRAL_URL)
        resolver = PythonResolver(progress_callback=meter.download)
        self._maven = MavenContext(resolver, repo_cache=scratch, remote_repos=remotes, timeout=TIMEOUT_S)

    def fetch(self, pin: Pin) -> None:
        artifact = self._maven.create_dependency(pin.coordinate).artifact
        path = self._already_here(artifact, pin) or self._download(artifact)
        if not _intact(path, pin):
            raise ArtifactError(
                f"{pin.filename} is not the file that Tertulia was tested with: SHA-256 {_sha256(path)}, expected "
                f"{pin.sha256}. Something between here and Maven Central changed it or cut it short; it is not used"
            )
        path.replace(self._folder / pin.filename)

    def _already_here(self, artifact: Artifact, pin: Pin) -> Path | None:
        local = default_maven_repo() / artifact.component.path_prefix / artifact.filename
        if not _intact(local, pin):
            return None
        self._meter.add(pin.size, pin.filename)
        target = artifact.cached_path
        assert target is not None  # the context above has a repo_cache
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(local, target))

    def _download(self, artifact: Artifact) -> Path:
        try:
            return artifact.resolve()
        except RuntimeError as error:  # how jgo says "no repository has it"
            raise ArtifactError(f"Maven Central and the configured repositories lack {artifact}: {error}") from error
