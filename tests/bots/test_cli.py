"""The command line: exit codes, messages without tracebacks, and a quick start."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bots import cli
from bots.settings import Failed

BRAND = "brands: [{name: fairphone, terms: [Fairphone]}]\n"
HEAVY = ("aiohttp", "aiokafka", "faust", "kafka", "numpy", "onnxruntime", "pydantic")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration and no running service of the machine that runs the tests."""
    for name in [name for name in os.environ if name.startswith("TERTULIA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("TERTULIA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    """The exit code of `tertulia words`."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return int(ended.value.code or 0)


def commands() -> dict[str, typer.core.TyperCommand]:
    """Every command by name."""
    group = typer.main.get_command(cli.app)
    return group.commands  # type: ignore[attr-defined, no-any-return]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    expected = [
        "up",
        "collect",
        "work",
        "chat",
        "replay",
        "check",
        "status",
        "classify",
        "pulse",
        "voice",
        "sources",
        "version",
    ]
    assert [name for name in expected if f"  {name} " not in text] == []


@pytest.mark.parametrize("name", sorted(set(commands()) - {"version"}))
def test_every_command_takes_the_shared_options(name: str) -> None:
    options = {option for parameter in commands()[name].params for option in parameter.opts}
    assert {"--json", "--config", "--data-dir", "--api", "--debug"} <= options


def test_help_loads_nothing_heavy() -> None:
    """Not a clock but its cause: what `--help` imports."""
    code = f"import sys, bots.cli; print([name for name in {HEAVY} if name in sys.modules])"
    root = Path(cli.__file__).parents[1]
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("version") == 0
    assert capsys.readouterr().out.startswith("tertulia ")
    assert run("version", "--json") == 0
    assert "version" in json.loads(capsys.readouterr().out)


def test_wrong_use_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pulse", "fairphone", "--windw", "7d") == 2
    assert "No such option: --windw" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["fairphone", "--end", "5f3a"], ["--list", "--for", "2h"], ["--list", "--end", "5f3a"]]
)
def test_a_list_or_an_end_of_silences_takes_nothing_else(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("silence", *words) == 2
    assert "--list and --end stand alone" in capsys.readouterr().err


def test_check_says_what_would_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    text = capsys.readouterr().out
    assert "This would run" in text
    assert [word for word in ("fairphone", "bluesky", "demo", "tertulia.posts", "embedded") if word not in text] == []


def test_check_says_every_mistake(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / "tertulia.yaml").write_text(BRAND + "apii: {}\nsources: {demo: {sped: 2}}\n")
    assert run("check") == 1
    assert capsys.readouterr().err.splitlines() == [
        "tertulia.yaml:2: apii: unknown key; did you mean `api`?",
        "tertulia.yaml:3: sources.demo.sped: unknown key; did you mean `speed`?",
        "2 mistakes",
    ]


def test_check_as_json(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / "tertulia.yaml").write_text(BRAND + "apii: {}\n")
    assert run("check", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert found["problems"] == [
        {
            "where": "tertulia.yaml",
            "line": 2,
            "key": ["apii"],
            "message": "unknown key; did you mean `api`?",
            "severity": "error",
        }
    ]


def test_check_as_json_shows_no_secret(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERTULIA_API__TOKEN", "very-secret")
    monkeypatch.setenv("TERTULIA_OUTLETS__WEBHOOK__URL", "https://hooks.example/very-secret")
    assert run("check", "--json") == 0
    text = capsys.readouterr().out
    assert json.loads(text)["ok"] is True
    assert "very-secret" not in text
    assert run("check") == 0
    assert "very-secret" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["pulse", "fairphone"], ["work"], ["up"], ["replay", "x.jsonl"], ["classify", "x"]])
def test_a_mistake_in_the_configuration_is_2(
    words: list[str], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "tertulia.yaml").write_text("api: {port: x}\n")
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert error == "tertulia.yaml:1: api.port: 'x' is not a whole number\n"


def test_debug_shows_the_traceback(elsewhere: Path) -> None:
    from config.problems import ConfigError

    (elsewhere / "tertulia.yaml").write_text("api: {port: x}\n")
    with pytest.raises(ConfigError):
        cli.main(["work", "--debug"])


def test_a_question_that_nobody_answers_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pulse", "fairphone", "--api", "http://127.0.0.1:1") == 1
    text = capsys.readouterr()
    assert "nothing answers at http://127.0.0.1:1" in " ".join((text.out + text.err).split())


@pytest.mark.parametrize("words", [["work"], ["collect"], ["chat"], ["replay", "x.jsonl"]])
def test_a_role_without_kafka_is_1(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 1
    assert "there is no Kafka: no `tertulia up` runs with" in capsys.readouterr().err


def test_replay_of_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERTULIA_KAFKA__BOOTSTRAP", "127.0.0.1:1")
    assert run("replay", "nowhere.jsonl") == 2
    assert "nowhere.jsonl cannot be read: No such file or directory" in capsys.readouterr().err


def test_classify_words_and_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("classify", "I love it, the best phone ever", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["sentiment"] == "positive"
    assert found["text"] == "I love it, the best phone ever"
    monkeypatch.setattr(sys, "stdin", io.StringIO("I hate it, it broke after a day\n\nI love it\n"))
    assert run("classify") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["negative", "positive"]


def test_classify_with_no_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert run("classify") == 2
    assert "classify what?" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a person can put right is made one line."""

    def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("bots.show.show_check", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["check"])


def test_failures_carry_their_code() -> None:
    from bots.failures import explain

    assert explain(Failed("no", code=2)) == ("tertulia: no", 2)
    assert explain(ZeroDivisionError()) is None
