"""A Prometheus Alertmanager with a configuration of the test's, its `amtool`, and its own reading of calendars."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from config.matchers import Matcher
from tests.e2e.worker_process import free_port
from tests.real.running import Running
from tests.real.servers import program

Labels = Mapping[str, str]


class Alertmanager:
    """The server; entered, it runs."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self._program = program("alertmanager")
        self._config = folder / "alertmanager.json"
        self.url = f"http://127.0.0.1:{port}"
        self.write({"route": {"receiver": "all"}, "receivers": [{"name": "all"}]})
        flags = [
            f"--config.file={self._config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        self.process = Running([self._program, *flags], folder, port)

    def write(self, config: Any) -> None:
        """Its configuration: JSON is YAML."""
        self._config.write_text(json.dumps(config))

    async def configure(self, config: Any) -> None:
        """Write it and have it read anew."""
        self.write(config)
        await self.ask("POST", "/-/reload")

    async def ask(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Its API; what it refuses is an error."""
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.url + path, json=body, params=params) as answer,
        ):
            said = await answer.text()
            assert answer.status == 200, f"{path}: {answer.status} {said}"
            return json.loads(said) if said.startswith(("[", "{")) else None

    async def alerts(self) -> list[dict[str, Any]]:
        """Those it holds for firing."""
        found: list[dict[str, Any]] = await self.ask("GET", "/api/v2/alerts")
        return found

    def route_test(self, labels: Labels) -> list[str]:
        """The receivers that `amtool config routes test` names for these labels."""
        words = [str(Matcher(name, "=", value)) for name, value in labels.items()]
        command = [str(self._program.with_name("amtool")), "config", "routes", "test", f"--config.file={self._config}"]
        said = subprocess.run([*command, *words], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[-1].split(",")  # before it, advice on how expressions are written


def inside(intervals: Sequence[tuple[Any, Sequence[datetime]]]) -> list[list[bool] | None]:
    """Whether moments lie in time intervals (in Alertmanager's form); None for an interval that it refuses."""
    lines = [
        json.dumps({"interval": interval, "moments": [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments]})
        for interval, moments in intervals
    ]
    calendar = program("alertmanager").with_name("calendar")
    said = subprocess.run([calendar], input="\n".join(lines), capture_output=True, text=True, check=True).stdout
    answers = [json.loads(line) for line in said.splitlines()]
    return [answer if isinstance(answer, list) else None for answer in answers]
