"""The memory of what was told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import bots.chat.told
from bots.chat.told import InUse, Told
from tests.bots.chat.destination import NOW, alert


def test_events_of_an_alert_come_in_order(tmp_path: Path) -> None:
    told = Told(tmp_path / "told.sqlite3")
    later = NOW + timedelta(hours=1)
    events = [alert(), alert(state="resolved"), alert(started=later), alert(state="resolved", started=later)]
    for number, event in enumerate(events):
        assert [told.is_news("matrix", each) for each in events] == [False] * number + [True] * (4 - number)
        told.remember("matrix", event)
    assert not any(told.is_news("matrix", each) for each in events)
    assert told.is_news("webhook", events[0]), "every outlet has its own memory"
    assert told.is_news("matrix", alert(fingerprint="other"))


def test_the_first_start_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "chat" / "told.sqlite3"
    first = Told(path)
    assert first.since("matrix", NOW) == NOW
    first.close()
    again = Told(path)
    assert again.since("matrix", NOW + timedelta(days=1)) == NOW
    assert again.since("webhook", NOW + timedelta(days=1)) == NOW + timedelta(days=1)


def test_two_chat_roles_may_not_share_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots.chat.told, "_WAIT_S", 0.05)
    path = tmp_path / "told.sqlite3"
    first = Told(path)
    with pytest.raises(InUse, match="in use"):
        Told(path)
    first.close()
    Told(path).close()


def test_kill_9_after_remembering_loses_nothing_and_releases_the_file(tmp_path: Path) -> None:
    path = tmp_path / "told.sqlite3"
    program = (
        "import sys, time; from pathlib import Path; from bots.chat.told import Told\n"
        "from tests.bots.chat.destination import alert\n"
        "told = Told(Path(sys.argv[1])); told.remember('matrix', alert()); print('done', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"done\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not Told(path).is_news("matrix", alert())
