"""The embedded broker's life: prepare the folder, start, watch, start again when it dies, stop."""

from __future__ import annotations

import asyncio
import base64
import logging
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import filelock

from streams.admin import AdminError, wait_until_ready
from streams.broker import diagnosis, ports, process, settings, startup_cache
from streams.broker.artifacts import Progress, default_cache_dir, ensure_artifacts
from streams.tasks import Tasks

log = logging.getLogger(__name__)

READY_S = 60.0  # a cold start takes 3 s; recovering a large log on a slow disk may take longer
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # the last one for ever: a full disk may be emptied at any time
HEALTHY_S = 60.0  # having lived so long, the next death starts from the shortest backoff again


class BrokerError(RuntimeError):
    """The embedded broker cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BrokerEvent:
    """Something happened to the broker that people should hear of."""

    kind: Literal["ready", "died", "restart_failed"]
    message: str


class EmbeddedKafka:
    """Apache Kafka on 127.0.0.1 with its data in `<data_dir>/kafka`, supervised until `stop()`.

    `port`: for the clients; None: a free one, the same at every start. `on_progress`: bytes of the first download.
    `on_event`: told of every death and restart (they are logged as well). `overrides`: server.properties settings.
    `jvm_options`: more options for the Java runtime.

    Run it in the thread that lives as long as the program: on Linux the broker ends with the thread that started it.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        cache_dir: Path | None = None,
        port: int | None = None,
        heap_mb: int = settings.HEAP_MB,
        overrides: Mapping[str, str] | None = None,
        jvm_options: Sequence[str] = (),
        on_progress: Progress | None = None,
        on_event: Callable[[BrokerEvent], None] | None = None,
    ) -> None:
        self._layout = settings.Layout(data_dir.resolve() / "kafka")
        self._cache_dir = cache_dir or default_cache_dir()
        self._configured_port, self._heap_mb, self._overrides = port, heap_mb, dict(overrides or {})
        self._on_progress, self._on_event = on_progress, on_event
        self._lock = filelock.FileLock(self._layout.lock)
        self._jars: list[Path] = []
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._readers = Tasks()
        self._reader: asyncio.Task[None] | None = None
        self._supervisor = Tasks()
        self._output: deque[str] = deque(maxlen=200)
        self._jvm_options = list(jvm_options)
        self.stop_within_s = process.STOP_S
        self.restarts = 0
        """How often the broker was started again after it had died."""

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:PORT`, for every client. BrokerError before `start()`."""
        if not self._port:
            raise BrokerError("the embedded broker has not been started")
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id; None while it does not run."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def warnings(self) -> list[str]:
        """The broker's latest warnings and errors, oldest first; everything else is in `<data_dir>/kafka/logs`."""
        return list(self._output)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Fetch what is missing, start the broker, return when it answers. Else BrokerError or ArtifactError."""
        for folder in (self._layout.root, self._layout.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self._acquire()
        try:
            self._jars = await asyncio.to_thread(ensure_artifacts, self._cache_dir, self._on_progress)
            await self._end_leftover()
            self._prepare()
            await self._format()
            await self._launch()
        except BaseException:
            await self.stop()
            raise
        self._supervisor.start(self._supervise(), "embedded-kafka")

    async def stop(self) -> None:
        """Stop the broker cleanly. It may be called at any time, and twice."""
        await self._supervisor.stop()
        await self._end_child()
        self._lock.release()

    def _acquire(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise BrokerError(
                f"another tertulia is running in {self._layout.root.parent}: stop that one, or choose another folder "
                "with --data-dir"
            ) from error

    async def _end_leftover(self) -> None:
        pid = await asyncio.to_thread(process.end_leftover, self._layout.pid, str(self._layout.properties))
        if pid is not None:
            log.warning("ended the broker (process %d) that an earlier run left behind", pid)

    def _prepare(self) -> None:
        self._check_disk()
        shutil.rmtree(self._layout.tmp, ignore_errors=True)  # a leftover there is harmless
        self._layout.tmp.mkdir(exist_ok=True)
        try:
            self._port, controller = ports.choose(self._layout.ports, self._configured_port)
        except OSError as error:
            raise BrokerError(f"the embedded broker cannot start: {error}. Set kafka.port in tertulia.yaml") from error
        settings.write(self._layout, self._port, controller, self._overrides)

    def _check_disk(self) -> None:
        if full := diagnosis.full_disk(self._layout.root):
            raise BrokerError(f"the embedded broker cannot start: {full}")

    def _command(self, main_class: str, *args: str) -> list[str]:
        options = [f"-Xmx{self._heap_mb}m", *(self._jvm_options or startup_cache.options(self._cache_dir))]
        return settings.command(self._layout, self._jars, options, main_class, *args)

    async def _format(self) -> None:
        """Kafka's one-time preparation of an empty data folder, which gives the cluster its id."""
        if self._layout.meta.exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        formatter = await process.spawn(
            self._command(
                "kafka.tools.StorageTool",
                "format",
                "--ignore-formatted",
                f"--cluster-id={cluster}",
                f"--config={self._layout.properties}",
            ),
            self._layout.root,
        )
        try:
            output, _ = await formatter.communicate()
        finally:
            await process.end(formatter)
        if formatter.returncode:
            self._output.extend(output.decode("utf-8", "replace").splitlines())
            raise BrokerError(f"cannot prepare {self._layout.data}: {self._reason(formatter.returncode)}")

    async def _launch(self) -> None:
        """Start the process and wait until it answers; BrokerError, and no process, when it does not."""
        self._check_disk()
        self._output.clear()
        self._process = await process.spawn(
            self._command("kafka.Kafka", str(self._layout.properties)), self._layout.root
        )
        self._layout.pid.write_text(str(self._process.pid), "utf-8")
        self._reader = self._readers.start(self._read(self._process), "embedded-kafka-output")
        began = time.monotonic()
        try:
            await self._ready(self._process)
        except BaseException:
            await self._end_child()
            raise
        self._tell("ready", f"Kafka answers at {self.bootstrap} after {time.monotonic() - began:.1f} s")

    async def _ready(self, child: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + READY_S
        while child.returncode is None:
            # A bare connection first: much cheaper than asking with a client that is not yet heard.
            if await self._listens() and await self._answers():
                return
            if time.monotonic() > deadline:
                raise BrokerError(f"the embedded broker does not answer after {READY_S:g} s: see {self._layout.logs}")
            await asyncio.sleep(0.05)
        raise BrokerError(f"the embedded broker ended at once: {await self._why(child.returncode)}")

    async def _answers(self) -> bool:
        try:
            answered = await wait_until_ready(self.bootstrap, 0)
        except AdminError as error:
            log.debug("not ready yet: %s", error)
            return False
        if answered != self._cluster_id():
            raise BrokerError(f"another Kafka (cluster {answered}) answers at {self.bootstrap}")
        return True

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True

    def _cluster_id(self) -> str:
        lines = self._layout.meta.read_text("utf-8").splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("cluster.id="))

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        """Take in what the broker prints (warnings and crashes); unread, a full pipe would stop it."""
        assert child.stdout is not None  # spawn() made a pipe
        async for line in child.stdout:
            self._output.append(line.decode("utf-8", "replace").rstrip())

    async def _supervise(self) -> None:
        failures = 0
        while True:
            assert self._process is not None  # started by start()
            began = time.monotonic()
            code = await self._process.wait()
            failures = 0 if time.monotonic() - began > HEALTHY_S else failures
            self._tell("died", f"Kafka ended: {await self._why(code)}; starting it again")
            while not await self._relaunch(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]):
                failures += 1
            failures += 1

    async def _relaunch(self, delay: float) -> bool:
        await asyncio.sleep(delay)
        try:
            await self._launch()
        except (BrokerError, OSError) as error:
            self._tell("restart_failed", f"Kafka cannot be started again: {error}; trying on")
            return False
        self.restarts += 1
        return True

    async def _why(self, code: int) -> str:
        await self._last_words()
        return self._reason(code)

    async def _last_words(self) -> None:
        if self._reader:
            await asyncio.wait([self._reader], timeout=2.0)

    def _reason(self, code: int) -> str:
        cause = diagnosis.cause(code, list(self._output), self._layout.root, self._port, self._heap_mb)
        return f"{cause} (exit {code}; see {self._layout.logs})"

    async def _end_child(self) -> None:
        if self._process:
            await process.end(self._process, self.stop_within_s)
            self._layout.pid.unlink(missing_ok=True)
            self._process = None
        await self._last_words()
        await self._readers.stop()

    def _tell(self, kind: Literal["ready", "died", "restart_failed"], message: str) -> None:
        log.log(logging.INFO if kind == "ready" else logging.WARNING, "%s", message)
        if self._on_event:
            self._on_event(BrokerEvent(kind, message))
