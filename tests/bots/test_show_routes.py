"""`tertulia check --alert …`: where an alert would go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app, main
from bots.show_routes import Way, completed, read
from config.schema import Config

FILE = """
brands:
  - {name: fairphone, terms: [Fairphone], group: phones}
outlets:
  webhook: {url_file: url}
  team: {kind: webhook, url_file: url}
routing:
  outlets: [webhook]
  lang: es
  times: [{name: night, hours: ["22:00-07:00"]}]
  routes:
    - matchers: [severity=critical]
      outlets: [team]
      mute: [night]
      continue: true
    - matchers: ['kind=~"volume-.*"']
      group_by: [...]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "url").write_text("https://example.org/hook")
    found = tmp_path / "tertulia.yaml"
    found.write_text(FILE)
    return found


def test_the_tree_is_drawn_and_the_chosen_routes_are_marked(file: Path) -> None:
    words = ["check", "--config", str(file), "--alert", "alertname=crisis", "--alert", "brand=fairphone"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith('Where an alert with alertname="crisis", kind="crisis", brand="fairphone"')
    tree = [line for line in lines if "->" in line]
    assert [line.strip("│├└─ ").split(" ->")[0] for line in tree] == [
        "routing",
        'severity="critical" (and on)',
        'kind=~"volume-.*"',
    ]
    assert ["<- HERE" in line for line in tree] == [False, True, False]
    assert 'team: grouped by brand="fairphone"' in result.stdout
    assert "told after 30s, what is new every 5m, again after 4h" in " ".join(result.stdout.split())


def test_as_json(file: Path) -> None:
    words = ["check", "--config", str(file), "--json", "--alert", "severity=critical kind=volume-spike"]
    data = json.loads(CliRunner().invoke(app, words).stdout)
    assert data["ok"]
    alert = data["alert"]
    assert alert["labels"] == {"kind": "volume-spike", "severity": "critical"}
    assert [route["outlets"] for route in alert["routes"]] == [["team"], ["webhook"]]
    assert [route["group"] for route in alert["routes"]] == [{}, alert["labels"]]
    assert [route["mute"] for route in alert["routes"]] == [["night"], []]


def test_a_misspelt_label_is_explained(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "--config", str(file), "--alert", "sverity=critical"])
    assert ended.value.code == 2
    assert "there is no label 'sverity'; did you mean `severity`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("alert", "reason"),
    [
        ("brand=fairfone", "no alert has this brand; did you mean `fairphone`?"),
        ("alertname=crsis", "no alert has this alertname; did you mean `crisis`?"),
        ("severity=grave", "no alert has this severity; there are: info, warning, critical"),
        ("brand=~fair.*", "an alert has one value of a label"),
        ("severity!=info", "an alert has one value of a label"),
    ],
)
def test_what_no_alert_has_is_not_sent_down_the_tree(
    file: Path, capsys: pytest.CaptureFixture[str], alert: str, reason: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "--config", str(file), "--alert", alert])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert alert in told.err and reason in told.err
    assert "HERE" not in told.out


def test_mistakes_of_the_file_come_first(file: Path) -> None:
    file.write_text(FILE.replace("[night]", "[nigth]"))
    result = CliRunner().invoke(app, ["check", "--config", str(file), "--alert", "severity=critical"])
    assert result.exit_code == 1
    assert "Where" not in result.stdout


def way(*alert: str) -> Way:
    routing = {
        "mute": ["night"],
        "times": [{"name": "night", "hours": ["22:00-07:00"]}],
        "routes": [{"matchers": ["severity=info"], "outlets": []}],
    }
    outlets = {
        "slack": {"kind": "slack"},
        "off": {"kind": "slack", "enabled": False},
        "alertmanager": {"kind": "alertmanager"},
    }
    brands = [{"name": "fairphone", "terms": ["a"], "group": "phones"}]
    return Way(Config.model_validate({"routing": routing, "outlets": outlets, "brands": brands}), alert)


def test_a_root_without_outlets_tells_all_that_are_on_and_routed() -> None:
    data = way("severity=critical").data()
    assert [route["outlets"] for route in data["routes"]] == [["slack"]]
    assert data["unrouted"] == ["alertmanager"]
    assert [route["outlets"] for route in way("severity=info").data()["routes"]] == [[]]


@pytest.mark.parametrize(("hour", "muted"), [(12, False), (23, True)])
def test_it_says_whether_it_is_muted_now(hour: int, muted: bool) -> None:
    (route,) = way("severity=critical").data(datetime(2026, 11, 23, hour, tzinfo=UTC))["routes"]
    assert route["muted_now"] is muted


def test_what_follows_from_brand_and_rule_is_filled_in() -> None:
    config = Config.model_validate({"brands": [{"name": "fairphone", "terms": ["a"], "group": "phones"}]})
    assert completed(read(['brand="fairphone"', "alertname=crisis"]), config) == {
        "alertname": "crisis",
        "kind": "crisis",
        "brand": "fairphone",
        "group": "phones",
        "severity": "critical",
    }
    assert completed(read(["alertname=crisis", "severity=info", "source="]), config)["severity"] == "info"
    assert completed(read(["alertname=source-trouble", "source=rss"]), config) == {
        "alertname": "source-trouble",
        "kind": "source-trouble",
        "severity": "warning",
        "number": "sources",
        "source": "rss",
    }
