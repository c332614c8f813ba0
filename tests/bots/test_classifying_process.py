"""`tertulia classify` as a process: pipes, terminals, signals, and the model that ships."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classifiers import BadModel, load

ROOT = Path(__file__).parents[2]
PIPES: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
COMMAND = [sys.executable, "-c", "from bots.cli import main; main()", "classify"]


@pytest.fixture(scope="module")
def shipped() -> None:
    """Skips where the shipped model cannot be opened; that it can is for the tests of the model to say."""
    try:
        load("default", threads=1)
    except BadModel as problem:
        pytest.skip(str(problem))


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Of a process: no configuration of this machine, no colours but the terminal's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TERTULIA_")}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        kept.pop(name, None)
    own = {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path), "TERTULIA_DATA_DIR": str(tmp_path / "data")}
    return {"cwd": tmp_path, "env": {**kept, **own, "TERM": "xterm-256color"}, "text": True, "encoding": "utf-8"}


def run(settings: dict[str, Any], *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """`tertulia classify words`, to its end."""
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run([*COMMAND, *words], **settings, **given, capture_output=True, check=False, timeout=120)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Our end and the program's end of a terminal."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def read_all(terminal: int) -> str:
    """What was written to it, once the program has closed its end."""
    found = b""
    try:
        while piece := os.read(terminal, 65_536):
            found += piece
    except OSError:  # Linux says so when the other end is closed
        pass
    return found.decode("utf-8")


def test_no_model_and_no_configuration(settings: dict[str, Any]) -> None:
    ended = run(settings, "--model", "none", "¿Qué?", "😀")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "no answer  ¿Qué?\nno answer  😀\n", "")


def test_none_in_the_configuration(settings: dict[str, Any]) -> None:
    (settings["cwd"] / "tertulia.yaml").write_text("classifiers: {sentiment: {model: none}}\n")
    ended = run(settings, "--json", "--brand", "Acme", "--explain", stdin="one\ntwo\n")
    assert ended.returncode == 0
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [
        {"text": text, "brand": "Acme", "about": None, "model": "none", "verdict": None, "explain": []}
        for text in ("one", "two")
    ]


def test_an_answer_comes_before_the_next_line(settings: dict[str, Any]) -> None:
    """The writer waits for each answer: were anything held back, nobody would go on."""
    process = subprocess.Popen(
        [*COMMAND, "--model", "none"], **settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
    )
    assert process.stdin
    assert process.stdout
    for text in ("one", "two", "three"):
        process.stdin.write(f"{text}\n")
        assert process.stdout.readline() == f"no answer  {text}\n"
    process.stdin.write("without its end")
    process.stdin.close()
    assert process.stdout.readline() == "no answer  without its end\n"
    assert process.wait(30) == 0


def test_an_interrupt_ends_it_without_a_traceback(settings: dict[str, Any]) -> None:
    """Though nothing comes on standard input."""
    # A shell in the background hands its children a SIGINT that is ignored.
    heard: dict[str, Any] = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen([*COMMAND, "--model", "none"], **settings, **PIPES, **heard, bufsize=1)
    assert process.stdin
    assert process.stdout
    process.stdin.write("one\n")
    assert process.stdout.readline() == "no answer  one\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr
    assert "Traceback" not in process.stderr.read()
    process.stdin.close()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_reader_that_has_gone(words: list[str], settings: dict[str, Any]) -> None:
    """As `| head -1` does."""
    process = subprocess.Popen([*COMMAND, "--model", "none", *words], **settings, **PIPES, bufsize=1)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write("one\n")
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write("two\n")
    assert process.stderr.read() == ""
    assert process.wait(30) == 1


def test_a_bad_line_is_1(settings: dict[str, Any]) -> None:
    ended = run(settings, "--model", "none", "--jsonl", stdin='{"text": "x"}\n{\n{"text": "y"}\n')
    assert (ended.returncode, ended.stdout) == (1, "no answer  x\nno answer  y\n")
    assert ended.stderr.splitlines()[0].startswith("tertulia: line 2: it is not JSON")


def test_a_bar_is_shown_where_answers_go_elsewhere(settings: dict[str, Any], terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    (settings["cwd"] / "x.jsonl").write_text('{"text": "x"}\n' * 1_000)
    out = settings["cwd"] / "out"
    with out.open("w") as file:
        process = subprocess.Popen(
            [*COMMAND, "--model", "none", "--jsonl", "x.jsonl"], **settings, stdout=file, stderr=theirs
        )
        os.close(theirs)
        bar = read_all(ours)
        assert process.wait(30) == 0
    assert out.read_text() == "no answer  x\n" * 1_000
    assert "1,000 texts" in bar
    assert "100%" in bar


def test_a_terminal_has_colours_and_no_bar(settings: dict[str, Any], terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    process = subprocess.Popen(
        [*COMMAND, "--model", "none", "--brand", "Acme", "x"], **settings, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    found = read_all(ours)
    assert process.wait(30) == 0
    assert found.startswith("\x1b[2mno answer\x1b[0m")
    assert "texts" not in found


# -- the model that ships --------------------------------------------------------------------------------------------

JUDGED = {
    "I love my new phone, best I ever had": "positive",
    "Odio esta compañía, un desastre total": "negative",
    "Ce service est horrible, je suis très déçu": "negative",
    "Ich bin sehr zufrieden, großartig!": "positive",
    "Adoro este café, é maravilhoso": "positive",
    "Che schifo, non funziona niente": "negative",
}


@pytest.mark.usefixtures("shipped")
def test_the_shipped_model_in_six_languages(settings: dict[str, Any]) -> None:
    ended = run(settings, "--json", stdin="\n".join(JUDGED))
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {each["text"]: each["verdict"]["sentiment"] for each in found} == JUDGED
    assert all(len(each["verdict"]["stage_p"]) == 7 and each["verdict"]["relevance"] is None for each in found)


@pytest.mark.usefixtures("shipped")
def test_the_shipped_model_toward_two_brands(settings: dict[str, Any]) -> None:
    text = "I love my Fairphone, my Samsung was a disaster"
    ended = run(settings, "--json", "--brand", "Fairphone", "--brand", "Samsung", text)
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [each["verdict"]["sentiment"] for each in found] == ["positive", "negative"]


@pytest.mark.usefixtures("shipped")
def test_the_shipped_model_tells_the_fruit_from_the_maker(settings: dict[str, Any]) -> None:
    words = ["--brand", "Apple", "--about", "maker of the iPhone and the Mac"]
    ended = run(settings, "--json", *words, "Apple released a new iPhone today", "I baked an apple pie with cinnamon")
    meant, fruit = (json.loads(line)["verdict"]["relevance"] for line in ended.stdout.splitlines())
    assert meant > 0.5 > fruit


@pytest.mark.usefixtures("shipped")
def test_the_shipped_model_explains(settings: dict[str, Any]) -> None:
    ended = run(settings, "--explain", "I hate this phone")
    first, second, *_ = ended.stdout.splitlines()
    assert first.startswith("negative")
    assert second.startswith("    negative: hate +")
