"""`tertulia up` as a user runs it: its children, their deaths and the end. A real Kafka, real processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bots import runfile

ROOT = Path(__file__).parents[2]


class Service:
    """A running `tertulia up --json`."""

    def __init__(self, data_dir: Path, kafka: str, namespace: str) -> None:
        self.data_dir = data_dir
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("TERTULIA_")} | {
            "TERTULIA_KAFKA__BOOTSTRAP": kafka,
            "TERTULIA_NAMESPACE": namespace.lower(),
            "TERTULIA_API__PORT": "0",
            "TERTULIA_CLASSIFIERS__SENTIMENT__MODEL": "none",
            "TERTULIA_SOURCES__BLUESKY__ENABLED": "false",
            "TERTULIA_SOURCES__HACKERNEWS__ENABLED": "false",
            "TERTULIA_SOURCES__DEMO__BACKFILL": "1h",
        }
        self.process = subprocess.Popen(self.command("up"), env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def command(self, *words: str) -> list[str]:
        """A command line for the same service."""
        options = ["--data-dir", str(self.data_dir), *(["--brand", "Fairphone"] if words[0] in ("up", "check") else [])]
        return [sys.executable, "-m", "bots.cli", *words, "--json", *options]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""
        return subprocess.run(self.command(*words), env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)

    def lines(self) -> Iterator[dict[str, Any]]:
        """What it says, as it says it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def until_said(self, words: str) -> str:
        """The first event with these words."""
        return next(str(line["text"]) for line in self.lines() if words in line.get("text", ""))

    def until_posts(self) -> int:
        """Posts of the first pulse that has any."""
        pulses = (line["pulses"][0] for line in self.lines() if "pulses" in line)
        return next(int(pulse["posts"]) for pulse in pulses if isinstance(pulse, dict) and pulse["posts"])

    def child(self, role: str) -> psutil.Process:
        """The process of a role."""
        return next(each for each in psutil.Process(self.process.pid).children() if role in each.cmdline())


@pytest.fixture
def service(tmp_path: Path, kafka: str, namespace: str) -> Iterator[Service]:
    """Started; ended by force if the test did not end it."""
    one = Service(tmp_path / "data", kafka, namespace)
    yield one
    one.process.kill()
    one.process.wait()


def test_numbers_come_a_killed_worker_comes_back_and_a_signal_ends_all(service: Service) -> None:
    service.until_said("dashboard: http://127.0.0.1:")
    assert service.until_posts() > 0

    worker = service.child("work")
    worker.kill()
    assert service.until_said("ended (signal 9)") == "ended (signal 9); starting it again in 0.5 s"
    assert service.until_posts() > 0
    assert service.child("work").pid != worker.pid

    second = service.run("up")
    assert second.returncode == 1
    assert f"another `tertulia up` (process {service.process.pid}) is running with" in second.stderr

    answer = service.run("pulse", "fairphone")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["posts"] > 0

    children = psutil.Process(service.process.pid).children(recursive=True)
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait() == 0
    assert [each for each in children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert runfile.read(service.data_dir) is None


def test_replay_reaches_the_running_service(service: Service, tmp_path: Path) -> None:
    service.until_posts()
    file = tmp_path / "posts.jsonl"
    post = {"id": "test:1", "platform": "test", "author": {"id": "test:a"}, "text": "My Fairphone arrived"}
    file.write_text(json.dumps(post | {"created_at": "2026-01-01T00:00:00Z"}) + "\nnot a post\n")
    found = service.run("replay", str(file))
    assert found.returncode == 0, found.stderr
    report = json.loads(found.stdout)
    assert (report["posts"], report["bad"]) == (1, 1)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait() == 0


def test_a_second_signal_ends_it_at_once(service: Service) -> None:
    service.until_posts()
    children = psutil.Process(service.process.pid).children(recursive=True)
    for child in children:
        child.suspend()  # so that they cannot end by themselves
    try:
        service.process.send_signal(signal.SIGINT)
        service.until_said("stopping")
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait() == 130
        _, alive = psutil.wait_procs(children, timeout=30)
        assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()  # suspended processes would outlive a failed test
