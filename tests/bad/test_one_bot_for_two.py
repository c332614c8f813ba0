"""A bot that answers questions, and collects as well: each would take away what comes for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.example import FAMILIES
from config.load import examine
from tests.bad.complaints import BRAND

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"


def problems(folder: Path, text: str) -> list[str]:
    """With the real outlets, for only they have questions."""
    (folder / "token").write_text(TOKEN)
    (folder / "app").write_text("xapp-1-made-up")
    file = folder / "tertulia.yaml"
    file.write_text(BRAND + text)
    found = examine(file, sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env={}, data_dir=folder / "data")
    return [str(problem).replace(str(folder), "~") for problem in found.problems]


def test_one_bot_for_two(tmp_path: Path) -> None:
    (told,) = problems(
        tmp_path,
        """\
sources:
  telegram: {token_file: token}
outlets:
  team:
    kind: telegram
    token_file: token
    chat: -100
    questions: {enabled: true}
""",
    )
    assert told.startswith("~/tertulia.yaml:")
    assert "outlets.team.token: sources.telegram listens with it as well" in told
    assert TOKEN not in told


def test_two_outlets_with_one_app(tmp_path: Path) -> None:
    slack = "{kind: slack, token_file: token, app_token_file: app, channel: C123, questions: {enabled: true}}"
    (told,) = problems(tmp_path, f"outlets:\n  one: {slack}\n  two: {slack}\n")
    assert "outlets.two.app_token: outlets.one listens with it as well" in told


def test_two_outlets_with_one_discord_bot(tmp_path: Path) -> None:
    discord = "{kind: discord, token_file: token, channel: 123, questions: {enabled: true}}"
    (told,) = problems(
        tmp_path,
        f"sources:\n  discord: {{token_file: token, guilds: [5]}}\noutlets:\n  one: {discord}\n  two: {discord}\n",
    )
    assert "outlets.two.token: outlets.one listens with it as well. Use a bot of its own" in told


@pytest.mark.parametrize(
    "text",
    [
        "sources:\n  telegram: {token_file: token}\noutlets:\n  telegram: {token_file: token, chat: -100}\n",
        "sources:\n  telegram: {token_file: token, enabled: false}\n"
        "outlets:\n  telegram: {token_file: token, chat: -100, questions: {enabled: true}}\n",
    ],
)
def test_who_only_tells_may_share_it(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == []
