"""The chat role's file: held by one process, whole after kill -9, taken over from an earlier version."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import bots.chat.store
from bots.chat.group_table import load_told
from bots.chat.groups import Destination
from bots.chat.outbox import Outbox, Told
from bots.chat.store import InUse, Store
from tests.bots.chat.destination import alert

TO = Destination("matrix")


def test_two_chat_roles_may_not_share_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots.chat.store, "_WAIT_S", 0.05)
    path = tmp_path / "chat" / "store.sqlite3"
    first = Store(path)
    with pytest.raises(InUse, match="in use"):
        Store(path)
    first.close()
    Store(path).close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 3")
    newer.close()
    with pytest.raises(InUse, match="newer"):
        Store(path)


def test_an_earlier_version_s_table_is_taken_over_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    with sqlite3.connect(path) as old:
        old.executescript(
            "CREATE TABLE outlets (outlet TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE told (outlet TEXT NOT NULL, fingerprint TEXT NOT NULL, started_ms INTEGER NOT NULL, "
            "ended INTEGER NOT NULL, PRIMARY KEY (outlet, fingerprint)) WITHOUT ROWID;"
            "INSERT INTO told VALUES ('matrix', 'goes', 1, 0), ('matrix', 'over', 1, 1), ('team', 'goes', 1, 0);"
        )
    old.close()
    for _ in range(2):
        store = Store(path)
        assert load_told(store.db) == {(TO, ""): {"goes"}, (Destination("team"), ""): {"goes"}}
        store.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    with pytest.raises(RuntimeError), store.transaction() as db:
        db.execute("INSERT INTO notes VALUES ('a', 'b')")
        raise RuntimeError
    assert store.note("a") is None
    store.close()


def test_kill_9_loses_nothing_that_was_written_and_releases_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    program = (
        "import sys, time; from pathlib import Path; from bots.chat.store import Store\n"
        "from bots.chat.outbox import Outbox, Told; from bots.chat.groups import Destination\n"
        "from tests.bots.chat.destination import alert; from bots.chat.bare import bare\n"
        "store = Store(Path(sys.argv[1])); outbox = Outbox(store)\n"
        "with store.transaction() as db:\n"
        "    outbox.add(db, Destination('matrix'), 'k1', Told((('brand', 'acme'),), 'es', (bare(alert()),), ()))\n"
        "print('done', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"done\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = Store(path)
    message = Outbox(store).first(TO)
    assert message is not None
    assert isinstance(message.content, Told)
    assert (message.key, message.content.firing[0].value, message.content.lang) == ("k1", alert().value, "es")
    store.close()
