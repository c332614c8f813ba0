"""nostr-relay on loopback, with SQLite."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bots.http import Http
from tests.bots.sources.nostr_server import Signed, made
from tests.e2e.worker_process import free_port
from tests.real.running import Running
from tests.real.servers import program

ONLY = 5  # events the relay gives out at once: what is stored comes page by page
CHECKS = ["is_not_too_large", "is_signed"]


class Relay:
    """nostr-relay with SQLite."""

    def __init__(self, folder: Path) -> None:
        binary, port = program("nostr"), free_port()
        self._seconds: set[int] = set()
        self.url = f"ws://127.0.0.1:{port}"
        settings = {
            "storage": {
                "sqlalchemy.url": f"sqlite+aiosqlite:///{folder}/events.sqlite3",
                "validators": [f"nostr_relay.validators.{check}" for check in CHECKS],
            },
            "gunicorn": {"bind": f"127.0.0.1:{port}", "workers": 1, "loglevel": "info", "reload": False},
            "verification": {"nip05_verification": "disabled"},
            "authentication": {"enabled": False},
            "subscription_limit": 32,
            "message_timeout": 1800,
            "max_limit": ONLY,
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(settings))
        self.server = Running([binary, "-c", "config.yaml", "serve"], folder, port)

    async def publish(self, http: Http, *events: Signed) -> None:
        """The relay accepts them, so our ids and signatures are what others expect."""
        async with http.websocket(self.url) as socket:
            for event in events:
                self._seconds.add(event["created_at"])
                await socket.send_json(["EVENT", event])
                answer = json.loads((await socket.receive(timeout=60)).data)
                assert answer[:3] == ["OK", event["id"], True], answer

    async def held(self, http: Http, author: str) -> dict[str, str]:
        """Id to text of an author's notes, as the relay gives them to anybody who asks for one second after another."""
        found: dict[str, str] = {}
        async with http.websocket(self.url) as socket:
            for second in sorted(self._seconds):
                asked = {"authors": [author], "kinds": [1], "since": second, "until": second + 1}
                await socket.send_json(["REQ", "q", asked])
                while (answer := json.loads((await socket.receive(timeout=60)).data))[0] != "EOSE":
                    found[answer[2]["id"]] = answer[2]["content"]
        return found


def now() -> int:
    """Unix seconds."""
    return int(datetime.now(UTC).timestamp())


def notes(tag: str, who: int, count: int, at: int) -> list[Signed]:
    """Notes, four in each second, in what people write."""
    text = 'N {} Größe 日本語 🙂\n\t"quoted" back\\slash \x07'
    return [made(who, text.format(number), at + number // 4, ["t", tag]) for number in range(count)]
