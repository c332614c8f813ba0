"""`tertulia classify` as a person or a program calls it, with a classifier whose answers can be worked out by hand."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bots import cli
from bots.classifying_input import BATCH
from config.schema import Model
from tests.classifiers.rules import RuleClassifier

CONFIG = """
brands:
  - {name: apple, title: Apple, description: maker of phones, terms: [apple]}
  - {name: fairphone, terms: [Fairphone]}
classifiers: {sentiment: {threads: 1, labels: {LABEL_0: negative}}}
"""
LOVE = "I love my Fairphone. My Apple is broken"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of the test's own, and no standard input."""
    for name in [name for name in os.environ if name.startswith("TERTULIA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("TERTULIA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (tmp_path / "tertulia.yaml").write_text(CONFIG)
    return tmp_path


class Opened(RuleClassifier):
    """The classifier that the command opens."""

    settings = Model()

    def open(self, settings: Model) -> Opened:
        """As `classifiers.configured`; `settings` are those it was called with last."""
        self.settings = settings
        return self


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """In place of any model."""
    made = Opened()
    monkeypatch.setattr("classifiers.configured", made.open)
    return made


Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(rules: Opened, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Exit code, lines of output and lines of complaints of `tertulia classify words`."""

    def call(*words: str, stdin: str = "") -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = 0
        try:
            cli.main(["classify", *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        found = capsys.readouterr()
        assert rules.closed or code == 2
        return code, found.out.splitlines(), found.err.splitlines()

    return call


def objects(lines: list[str]) -> list[dict[str, Any]]:
    """What JSON lines say."""
    return [json.loads(line) for line in lines]


# -- texts -----------------------------------------------------------------------------------------------------------


def test_words_are_texts(run: Run) -> None:
    code, out, err = run("I love it", "I hate it", "It is a thing I bought")
    assert (code, err) == (0, [])
    assert out == [
        "positive   82 %  no stage  I love it",
        "negative   82 %  no stage  I hate it",
        "neutral    43 %  purchase  It is a thing I bought",
    ]


def test_lines_of_standard_input_are_texts(run: Run) -> None:
    code, out, err = run(stdin="I love it\r\n\n  \nI hate it")
    assert (code, err) == (0, [])
    assert [line.split()[0] for line in out] == ["positive", "negative"]
    assert out[0].endswith("I love it")


def test_a_dash_is_standard_input(run: Run) -> None:
    assert run("-", stdin="I love it\n")[1] == ["positive   82 %  no stage  I love it"]


def test_every_line_is_answered_in_order_in_batches(run: Run, rules: Opened) -> None:
    texts = [f"number {number}" for number in range(3 * BATCH + 5)]
    code, out, _ = run("--json", stdin="\n".join(texts))
    assert code == 0
    assert [found["text"] for found in objects(out)] == texts
    assert max(map(len, rules.calls)) <= BATCH
    assert sum(map(len, rules.calls)) == len(texts)


def test_a_text_of_many_lines_is_shown_on_one(run: Run) -> None:
    """And nothing in it is obeyed by a terminal."""
    code, out, _ = run("I love\n\tit \x1b[31mred\x07 \u202edne\u2028x")
    assert code == 0
    assert out == ["positive   82 %  no stage  I love it [31mred dne x"]


def test_no_answer(run: Run) -> None:
    assert run("mute")[1] == ["no answer  mute"]
    assert objects(run("mute", "--json")[1])[0]["verdict"] is None
    assert run("mute", "I love it")[1] == ["no answer                   mute", "positive    82 %  no stage  I love it"]


# -- brands ----------------------------------------------------------------------------------------------------------


def test_a_text_is_judged_as_a_whole_without_a_brand(run: Run, rules: Opened) -> None:
    run(LOVE)
    assert [(request.target, request.about) for request in rules.calls[0]] == [(None, "")]


def test_several_brands_are_judged_toward(run: Run) -> None:
    code, out, err = run(LOVE, "Apple phones", "--brand", "APPLE", "--brand", "fairphone", "--brand", "Acme")
    assert (code, err) == (0, [])
    assert out == [
        f"negative   59 %  Apple      not meant 4 %  no stage  {LOVE}",
        f"positive   82 %  Fairphone                 no stage  {LOVE}",
        f"neutral    43 %  Acme                      no stage  {LOVE}",
        "neutral    43 %  Apple      meant 93 %     no stage  Apple phones",
        "neutral    43 %  Fairphone                 no stage  Apple phones",
        "neutral    43 %  Acme                      no stage  Apple phones",
    ]


def test_a_configured_brand_brings_its_title_and_description(run: Run, rules: Opened) -> None:
    run("x", "--brand", "apple")
    assert [(request.target, request.about) for request in rules.calls[0]] == [("Apple", "maker of phones")]


def test_all_brands(run: Run) -> None:
    found = objects(run("x", "--all-brands", "--brand", "Acme", "--brand", "apple", "--json")[1])
    assert [each["brand"] for each in found] == ["Acme", "Apple", "Fairphone"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--brand", "Acme"], [("Acme", "maker of anvils")]),
        (["--brand", "apple"], [("Apple", "maker of anvils")]),
        (["--brand", "apple", "--brand", "Acme"], [("Apple", "maker of phones"), ("Acme", "maker of anvils")]),
    ],
)
def test_about_describes_the_only_brand_or_the_only_free_one(
    words: list[str], expected: list[tuple[str, str]], run: Run, rules: Opened
) -> None:
    assert run("x", "--about", " maker of anvils", *words)[0] == 0
    assert [(request.target, request.about) for request in rules.calls[0]] == expected


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "--about tells who a --brand is: give --brand NAME too"),
        (["--brand", "A", "--brand", "B"], "--about describes one brand, which may be A or B: ask about one at a time"),
        (
            ["--brand", "apple", "--brand", "fairphone"],
            "--about describes one brand, which may be apple or fairphone: ask about one at a time",
        ),
    ],
)
def test_about_that_may_describe_several(words: list[str], reason: str, run: Run) -> None:
    assert run("x", "--about", "maker of anvils", *words) == (2, [], [f"tertulia: {reason}"])


def test_a_name_that_is_nearly_a_configured_one(run: Run) -> None:
    code, out, err = run("x", "--brand", "fairfone")
    assert code == 0
    assert "fairfone" in out[0]
    assert err == [
        'tertulia: "fairfone" is no brand of the configuration, so it is taken as it is; did you mean "Fairphone"?'
    ]


# -- JSON ------------------------------------------------------------------------------------------------------------


def test_json_has_the_same_keys_always(run: Run) -> None:
    found = objects(run("I love it", "--json")[1]) + objects(run("mute", "--json", "--brand", "apple")[1])
    assert [list(each) for each in found] == [["text", "brand", "about", "model", "verdict"]] * 2
    assert [(each["brand"], each["about"]) for each in found] == [(None, None), ("Apple", "maker of phones")]
    assert found[0]["model"] == "rules/1"
    assert list(found[0]["verdict"]) == ["sentiment", "p", "relevance", "stages", "stage_p"]


def test_objects_in_and_out(run: Run) -> None:
    lines = [
        {"id": 7, "text": "I love it"},
        {"text": "mute", "brand": "apple", "likes": {"a": [1, None]}},
        {"text": "x", "brand": ["Acme", "apple", "ACME"], "lang": "de"},
        {"text": "x", "brand": "Acme", "about": "anvils", "model": "mine", "verdict": 1},
    ]
    code, out, err = run("--jsonl", "--json", "--brand", "fairphone", stdin="\n\n".join(map(json.dumps, lines)))
    assert (code, err) == (0, [])
    found = objects(out)
    assert [(each["brand"], each["about"]) for each in found] == [
        ("Fairphone", None),
        ("Apple", "maker of phones"),
        ("Acme", None),
        ("Apple", "maker of phones"),
        ("Acme", "anvils"),
    ]
    assert found[0]["id"] == 7
    assert found[1]["likes"] == {"a": [1, None]}
    assert found[2]["lang"] == "de"
    assert found[4]["model"] == "rules/1", "what is ours is never hidden by what was there"
    assert found[4]["verdict"]["sentiment"] == "neutral"


def test_posts_of_a_replay_file(run: Run, rules: Opened, elsewhere: Path) -> None:
    posts = [
        {"id": "a:1", "platform": "a", "author": {"id": "a:x"}, "text": "I love it", "lang": "en"},
        {"id": "a:2", "op": "delete"},
        {"id": "a:3", "platform": "a", "author": {"id": "a:x"}, "repost_of": "a:1"},
        {"id": "a:4", "platform": "a", "author": {"id": "a:x"}, "text": ""},
    ]
    (elsewhere / "posts.jsonl").write_text("\ufeff" + "\n".join(map(json.dumps, posts)), "utf-8")
    code, out, err = run("--jsonl", "--json", "posts.jsonl")
    assert (code, err) == (0, [])
    assert [each["id"] for each in objects(out)] == ["a:1", "a:4"]
    assert rules.calls[0][0].lang == "en"


BAD = {
    '{"text": "x"': "it is not JSON: Expecting ',' delimiter at character 13",
    "[1]": 'it is not a JSON object, such as {"text": "…"}',
    '{"txt": "x"}': 'there is no field "text"',
    '{"text": null}': 'there is no field "text"',
    '{"text": 5}': 'the field "text" is not a string',
    '{"text": "x", "lang": 5}': 'the field "lang" is not a string',
    '{"text": "x", "brand": 5}': 'the field "brand" is not a name or a list of names',
    '{"text": "x", "brand": [" "]}': 'the field "brand" is not a name or a list of names',
    '{"text": "x", "about": "y"}': 'the field "about" describes one brand, and the line has none',
    '{"text": "x", "about": "y", "brand": ["a", "b"]}': (
        'the field "about" describes one brand, and the line has several'
    ),
    '{"text": "x", "n": NaN}': "it is not JSON that can be read: NaN is no number",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_told_and_the_others_go_on(bad: str, run: Run) -> None:
    good = '{"text": "I love it"}'
    code, out, err = run("--jsonl", stdin=f"{good}\n{bad}\n{good}\n")
    assert (code, len(out)) == (1, 2)
    assert err == [f"tertulia: line 2: {BAD[bad]}", "tertulia: 1 line could not be used; the other 2 were"]


def test_brackets_without_end_are_a_bad_line(run: Run) -> None:
    code, out, err = run("--jsonl", stdin="[" * 100_000 + '\n{"text": "x"}')
    assert (code, len(out)) == (1, 1)
    assert err[0].startswith("tertulia: line 1: it is not JSON that can be read")


def test_bytes_that_are_no_utf8(run: Run, elsewhere: Path) -> None:
    (elsewhere / "x.jsonl").write_bytes(b'{"text": "caf\xe9"}\n')
    code, _, err = run("--jsonl", "x.jsonl")
    assert code == 1
    assert err[0] == "tertulia: x.jsonl, line 1: it is not UTF-8"


def test_half_a_surrogate_pair_is_written(run: Run) -> None:
    code, out, _ = run("--jsonl", "--json", stdin='{"text": "\\ud83d x", "brand": "\\ud83d", "id": "\\ud83d"}')
    assert code == 0
    assert objects(out)[0]["text"] == "? x"
    assert objects(out)[0]["id"] == "?"


def test_several_files_are_numbered_each(run: Run, elsewhere: Path) -> None:
    for name in ("a", "b"):
        (elsewhere / name).write_text(f'{{"text": "{name}"}}\nx\n')
    code, out, err = run("--jsonl", "a", "-", "b", "--json", stdin='{"text": "middle"}')
    assert code == 1
    assert [each["text"] for each in objects(out)] == ["a", "middle", "b"]
    assert [line.partition(": it")[0] for line in err[:2]] == ["tertulia: a, line 2", "tertulia: b, line 2"]
    assert err[2] == "tertulia: 2 lines could not be used; the other 3 were"


# -- words behind an answer ------------------------------------------------------------------------------------------


def test_explain_lists_words(run: Run) -> None:
    code, out, _ = run("I love it but it is broken, I bought it", "--explain")
    assert code == 0
    assert out == [
        "positive   59 %  purchase  I love it but it is broken, I bought it",
        "    positive: love +0.51, broken -0.23",
        "    purchase: bought +0.80",
    ]


def test_explain_lists_what_speaks_for_the_meaning(run: Run) -> None:
    assert run("Apple phones", "--brand", "apple", "--explain")[1][1:] == [
        "    neutral: no single word moves it",
        "    meant: phones +0.89",
    ]


def test_explain_says_when_words_were_taken_together(run: Run) -> None:
    out = run("so " * 100 + "great", "--explain")[1]
    assert out[1] == "    positive: great +0.31"
    assert out[2] == "    (101 words: they were left out 2 at a time)"


def test_explain_in_json(run: Run) -> None:
    found = objects(run("¡I love\n it", "--explain", "--json")[1])[0]
    assert list(found) == ["text", "brand", "about", "model", "verdict", "explain"]
    assert [each["word"] for each in found["explain"]] == ["¡", "I", "love", "it"]
    assert found["explain"][2] == {
        "word": "love",
        "start": 3,
        "end": 7,
        "share": 0.533,
        "stages": {},
        "relevance": None,
    }
    assert [found["text"][each["start"] : each["end"]] for each in found["explain"]] == ["¡", "I", "love", "it"]


def test_explain_of_no_answer(run: Run) -> None:
    assert run("mute", "--explain")[1] == ["no answer  mute"]
    assert objects(run("mute", "--explain", "--json")[1])[0]["explain"] == []


# -- what is wrong ---------------------------------------------------------------------------------------------------


def test_empty_texts(run: Run) -> None:
    assert run("", " ") == (2, [], ["tertulia: classify what? TEXT is empty"])
    assert len(run("", "I love it")[1]) == 2, "one answer for each, if there is any text"


def test_nothing_on_standard_input(run: Run) -> None:
    assert run(stdin="\n\n") == (0, [], ["tertulia: there was no text to classify"])


def test_a_terminal_is_not_waited_for(
    rules: Opened, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", terminal)
    with pytest.raises(SystemExit) as ended:
        cli.main(["classify", "--jsonl"])
    assert ended.value.code == 2
    assert "classify what? Give names of files" in capsys.readouterr().err


def test_an_input_that_breaks_off_is_told(
    rules: Opened, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the thread that reads; nobody waits for it any longer."""

    class Broken:
        def isatty(self) -> bool:
            return False

        def __iter__(self) -> Iterator[str]:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", Broken())
    with pytest.raises(SystemExit) as ended:
        cli.main(["classify"])
    assert ended.value.code == 1
    assert "Input/output error" in capsys.readouterr().err


def test_no_standard_input_at_all(
    rules: Opened, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit) as ended:
        cli.main(["classify", "-"])
    assert ended.value.code == 2
    assert "there is no standard input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["x", "--brand", " "], "--brand needs a name"),
        (["--jsonl", "nowhere.jsonl"], "nowhere.jsonl cannot be read: No such file or directory"),
        (["--jsonl", "."], ". cannot be read: Is a directory"),
    ],
)
def test_wrong_use(words: list[str], reason: str, run: Run) -> None:
    assert run(*words) == (2, [], [f"tertulia: {reason}"])


def test_another_model(run: Run, rules: Opened) -> None:
    """In place of the configured one, with its threads, and without the labels of the configured one."""
    run("x", "--model", "none")
    assert rules.settings == Model(model="none", threads=1)
    run("x")
    assert rules.settings == Model(model="default", threads=1, labels={"LABEL_0": "negative"})


def test_a_model_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["classify", "x", "--model", "no such model"])
    assert ended.value.code == 2
    assert 'there is no model "no such model"' in capsys.readouterr().err
