"""config/example.yaml documents everything, is what the schemas say now, and works when it is taken as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bots.example import FAMILIES
from config.example import render
from config.keys import settings
from config.load import examine
from config.problems import spell
from config.schema import Config

EXAMPLE = Path("config/example.yaml")
SETTINGS = list(settings(Config, FAMILIES))


def test_is_what_the_schemas_say() -> None:
    assert EXAMPLE.read_text("utf-8") == render(FAMILIES), "run `make example`"


@pytest.mark.parametrize("setting", SETTINGS, ids=[spell(setting.key) for setting in SETTINGS])
def test_every_setting_has_a_line_and_a_comment(setting: object) -> None:
    key, description = setting.key[-1], setting.description  # type: ignore[attr-defined]
    lines = EXAMPLE.read_text("utf-8").splitlines()
    pattern = re.compile(rf"^#?\s*(- )?{re.escape(str(key))}:|^\s*# {re.escape(str(key))}: ")
    found = [number for number, line in enumerate(lines) if pattern.match(line)]
    assert found, f"{key} is not in the example"
    assert description, f"{key} has no description"
    comments = re.sub(r"\s*\n\s*# ", " ", EXAMPLE.read_text("utf-8"))
    assert description in comments


def test_loads_as_it_stands() -> None:
    found = examine(EXAMPLE, sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env={})
    assert found.problems == ()
    assert found.config is not None
    assert [brand.name for brand in found.config.brands] == ["fairphone"]


def test_loads_with_every_default_and_sample_made_active(tmp_path: Path) -> None:
    text = re.sub(r"^#(?! |$)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE).replace("#  ", "  ")
    text = re.sub(r"^.*webhook_url_file: .*\n", "", text, flags=re.MULTILINE)  # another way than token and channel
    (tmp_path / "secrets").mkdir()
    fitting = {"telegram": "1:a-token", "apprise": "json://localhost"}
    for name in re.findall(r"_file: (\S+)", text):
        secret = next((word for part, word in fitting.items() if part in name), "https://example.org/secret")
        (tmp_path / name).write_text(secret)
    active = tmp_path / "tertulia.yaml"
    active.write_text(text)
    found = examine(active, sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env={})
    assert found.problems == ()
    assert found.config is not None
    assert set(found.config.outlets) == set(FAMILIES["outlets"])


def test_shown_defaults_are_the_defaults(tmp_path: Path) -> None:
    """With every line active the settings without a sample are what they are with no file at all."""
    from config.example import SAMPLES

    text = re.sub(r"^#(?! |$)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE).replace("#  ", "  ")
    text = re.sub(r"^.*_file: .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^outlets:\n(?: .*\n)*", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ +outlets: \[.*\n", "", text, flags=re.MULTILINE)  # those that routes and digests name
    text = re.sub(r"^  webhook:\n(?:    .*\n)*", "", text, flags=re.MULTILINE)  # an inlet has to have its secret
    active = tmp_path / "tertulia.yaml"
    active.write_text(text)
    given = examine(active, sources=FAMILIES["sources"], outlets={}, env={}).config
    shipped = examine(None, sources=FAMILIES["sources"], outlets={}, env={}).config
    assert given is not None and shipped is not None
    sampled = {str(key[0]) for key in SAMPLES} - {"api", "sources"}
    for name in set(Config.model_fields) - sampled - {"sources", "api"}:
        assert getattr(given, name) == getattr(shipped, name), name
    for name, options in shipped.sources.items():
        if name != "rss":  # the shipped file turns it off: it has no feeds
            assert given.sources[name] == options
