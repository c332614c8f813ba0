"""The inlets of `sources.webhook`: what is wrong is said with key and line, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.example import FAMILIES
from config.inlet_paths import condition_of, path_of, taken_from
from config.inlets import inlets_of
from config.load import examine, load

HEAD = "brands: [{name: fairphone, terms: [Fairphone]}]\nsources:\n  webhook:\n    inlets:\n"
GOOD = """\
      - name: shop
        secret_file: secret
        records: reviews
        mapping:
          id: review.id
          text: review.body
          author:
            id: customer.id
          created_at: review.time
        delete_when: $.event = review.deleted
"""


def complaints(folder: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """What the loader says, but for warnings."""
    (folder / "secret").write_text("a secret that is long enough\n")
    (folder / "short").write_text("123456789012345")
    file = folder / "tertulia.yaml"
    file.write_text(text)
    given = {"TERTULIA_DATA_DIR": str(folder)} | (env or {})
    found = examine(file, sources=FAMILIES["sources"], outlets={}, env=given)
    problems = [problem for problem in found.problems if problem.severity == "error"]
    return [str(problem).replace(str(folder) + "/", "") for problem in problems]


def test_a_good_one_is_read(tmp_path: Path) -> None:
    assert complaints(tmp_path, HEAD + GOOD) == []
    env = {"TERTULIA_DATA_DIR": str(tmp_path)}
    config = load(tmp_path / "tertulia.yaml", sources=FAMILIES["sources"], outlets={}, env=env)
    (inlet,) = inlets_of(config).values()
    assert (inlet.name, inlet.network, inlet.keys) == ("shop", "shop", (b"a secret that is long enough",))
    assert inlet.mapping is not None
    assert inlet.mapping.text == ("review.body",)
    assert "long enough" not in repr(config)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        secret_file: secret\n", "", "5: sources.webhook.inlets[0].secret: is missing"),
        (
            "secret_file: secret",
            "secret_file: short",
            "5: sources.webhook.inlets[0].secret: is too short to be a secret: at least 16 characters "
            "(openssl rand -hex 32)",
        ),
        (
            "name: shop",
            "name: My Shop",
            "5: sources.webhook.inlets[0].name: 'My Shop' is no short name (lower-case letters, digits, - and _); "
            "write my-shop",
        ),
        (
            "text: review.body",
            "txt: review.body",
            "10: sources.webhook.inlets[0].mapping.txt: unknown key; did you mean `text`?",
        ),
        (
            "text: review.body",
            "text: [review.title, the words of the review]",
            "10: sources.webhook.inlets[0].mapping.text[1]: 'the words of the review' is no path: write keys with dots "
            "between them, such as review.body, or =words for a constant",
        ),
        (
            "id: customer.id",
            "id: customer..id",
            "12: sources.webhook.inlets[0].mapping.author.id: 'customer..id' is no path: write keys with dots between "
            "them, such as review.body, or =words for a constant",
        ),
        (
            "id: customer.id",
            "id: =",
            "12: sources.webhook.inlets[0].mapping.author.id: nothing stands behind =; write the words, such as "
            "=Web shop",
        ),
        (
            "          created_at: review.time\n",
            "",
            "8: sources.webhook.inlets[0].mapping.created_at: is missing",
        ),
        (
            "$.event = review.deleted",
            "$.event is deleted",
            "14: sources.webhook.inlets[0].delete_when: '$.event is deleted' is no condition; write a path, or a "
            "path = a value",
        ),
        (
            "$.event = review.deleted",
            "$.event =",
            "14: sources.webhook.inlets[0].delete_when: '$.event =' compares with nothing; write the values behind =, "
            "such as event = deleted, removed",
        ),
        (
            "$.event = review.deleted",
            "event == gone",
            "14: sources.webhook.inlets[0].delete_when: 'event == gone' compares with nothing; write the values behind "
            "=, such as event = deleted, removed",
        ),
        ("records: reviews", "records: reviews.", "7: sources.webhook.inlets[0].records: "),
        ("name: shop", "name: bluesky", "4: sources.webhook.inlets: the name 'bluesky' is that of a source; "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = complaints(tmp_path, HEAD + GOOD.replace(old, new, 1))
    assert [each.startswith(f"tertulia.yaml:{said}") for each in found][-1:] == [True], found


def test_a_condition_to_delete_needs_a_mapping(tmp_path: Path) -> None:
    text = HEAD + "      - name: shop\n        secret_file: secret\n        delete_when: gone\n"
    assert complaints(tmp_path, text) == [
        "tertulia.yaml:7: sources.webhook.inlets[0].delete_when: needs a mapping; a record in the form of a post says "
        "it with `op: delete`"
    ]


def test_two_of_one_name(tmp_path: Path) -> None:
    assert complaints(tmp_path, HEAD + GOOD + GOOD) == [
        "tertulia.yaml:4: sources.webhook.inlets: 2 inlets are called 'shop'"
    ]


def test_all_of_it_may_come_from_the_environment(tmp_path: Path) -> None:
    name = "TERTULIA_SOURCES__WEBHOOK__INLETS"
    good = {name: "[{name: shop, secret: a secret that is long enough}]"}
    assert complaints(tmp_path, HEAD + GOOD, good) == []
    short = {name: "[{name: shop, secret: hush hush}]"}
    (found,) = complaints(tmp_path, HEAD + GOOD, short)
    assert found.startswith(f"{name}: sources.webhook.inlets[0].secret: is too short")
    assert "hush" not in found


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a b", "a=b", ".".join("a" * 21), "$.", "$..a", "\t"])
def test_no_paths(text: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        path_of(text)


def test_paths() -> None:
    body = {"a": {"b": [{"c": 0}, 5], "": 1}, "$": 2}
    assert path_of("a.b.0.c").find(body, None) == 0
    assert path_of("a.b.1").find(body, None) == 5
    assert path_of("$.a.b.1").find(None, body) == 5
    assert path_of("$").find(None, body) == body
    for lost in ("a.b.2", "a.b.-1", "a.b.c", "a.b.0.c.d", "b", "a.b.99999999999", "a.b.²"):
        assert path_of(lost).find(body, body) is None, lost
    assert taken_from("=Web  shop ").find(body, body) == "Web  shop"


@pytest.mark.parametrize(
    ("condition", "record", "holds"),
    [
        ("event = a, b", {"event": "b"}, True),
        ("event = a, b", {"event": "c"}, False),
        ("event=a", {"event": "a"}, True),
        ("flag = true", {"flag": True}, True),
        ("flag = 1", {"flag": True}, False),
        ("state = 3", {"state": 3}, True),
        ("state = null", {}, True),
        ("state = x = y", {"state": "x = y"}, True),
        ("flag", {"flag": 0}, False),
        ("flag", {"flag": [1]}, True),
        ("a.b", {"a": {"b": "x"}}, True),
    ],
)
def test_conditions(condition: str, record: dict[str, object], holds: bool) -> None:
    assert condition_of(condition).holds(record, record) is holds
