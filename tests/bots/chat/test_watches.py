"""What rooms asked to be told of: kept on disk, and which alerts are theirs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bots.chat.watches import Watch, Watches, path_of, watches_for
from streams.records import Alert
from tests.bots.chat.destination import NOW

CRISIS = Watch("slack", "C1", ('brand="acme"', 'kind="crisis"'), "slack:U1 (Ana)", NOW)
ALL = Watch("slack", "C1", ('brand="acme"',), "slack:U2", NOW + timedelta(minutes=1))
OTHER = Watch("matrix", "!a:b", ('brand="globex"',), "matrix:@a:b", NOW + timedelta(minutes=2), "@a:b")


def alert(brand: str, kind: str) -> Alert:
    return Alert("f", "rule", brand, "firing", NOW, NOW, title="t", value=1, baseline=1, kind=kind)


def test_they_survive_a_restart_once_each(tmp_path: Path) -> None:
    path = path_of(tmp_path, "tertulia")
    watches = Watches(path)
    assert watches.add(CRISIS)
    assert not watches.add(Watch("slack", "C1", CRISIS.matchers, "slack:U9", NOW)), "it is watched already"
    assert watches.add(ALL)
    assert watches.add(OTHER)
    second = Watches(path)
    assert second.all() == [CRISIS, ALL, OTHER]
    assert second.remove("slack", "C1", CRISIS.matchers)
    assert not second.remove("slack", "C1", CRISIS.matchers)
    assert watches.all() == [ALL, OTHER], "both see the same file"
    watches.close()
    second.close()


def test_an_alert_is_told_once_in_each_room_that_wants_it() -> None:
    watches = [CRISIS, ALL, OTHER]
    assert watches_for(alert("acme", "crisis"), watches) == [CRISIS]
    assert watches_for(alert("acme", "change"), watches) == [ALL]
    assert watches_for(alert("globex", "crisis"), watches) == [OTHER]
    assert watches_for(alert("initech", "crisis"), watches) == []
