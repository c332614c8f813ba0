"""What `tertulia check` says of an outlet that is set up wrongly: the key, the line, and what to do; no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.example import FAMILIES
from config.load import examine

BRAND = "brands: [{name: acme, terms: [acme]}]\noutlets:\n"
SECRET = "s3cr3t-t0ken"


def complaints(folder: Path, block: str) -> list[str]:
    """`secret` names a file with one."""
    (folder / "secret").write_text(SECRET)
    (folder / "hook").write_text("https://hooks.example/" + SECRET)
    (folder / "tertulia.yaml").write_text(BRAND + block)
    found = examine(folder / "tertulia.yaml", sources=FAMILIES["sources"], outlets=FAMILIES["outlets"], env={})
    return [str(problem).replace(f"{folder}/", "") for problem in found.problems]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("  slack: {channel: C0123}\n", "outlets.slack: give either token and channel, or webhook_url"),
        (
            "  slack: {channel: C0123, token_file: secret, webhook_url_file: hook}\n",
            "outlets.slack: give either token and channel, or webhook_url",
        ),
        (
            "  slack: {webhook_url_file: hook, pictures: true}\n",
            "outlets.slack: pictures: an incoming webhook shows no charts; give token and channel",
        ),
        (
            "  slack: {webhook_url_file: secret}\n",
            "outlets.slack.webhook_url: must be a web address: http://… or https://…",
        ),
        ("  discord: {token_file: secret}\n", "outlets.discord: give either token and channel, or webhook_url"),
        (
            "  telegram: {token_file: secret, chat: 1}\n",
            "outlets.telegram.token: it is no token of a bot: @BotFather gives it as digits, a colon, letters "
            "and digits",
        ),
        ("  teams: {}\n", "outlets.teams.url: is missing"),
        (
            "  apprise: {url_file: secret}\n",
            "outlets.apprise.url: is no address that Apprise knows; its wiki lists them",
        ),
        (
            "  email: {host: m.example, sender: a@b.example, recipients: [c@d.example], user: me}\n",
            "outlets.email: user and password go together",
        ),
    ],
)
def test_the_mistake_is_named_and_nothing_secret_is(tmp_path: Path, block: str, said: str) -> None:
    found = complaints(tmp_path, block)
    assert found == [f"tertulia.yaml:3: {said}"]
    assert SECRET not in "".join(found)


def test_charts_without_the_library_are_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patched: the library is installed wherever the tests run."""
    block = "  telegram: {token_file: token, chat: 1, pictures: %s}\n"
    (tmp_path / "token").write_text("1:a-token")
    assert complaints(tmp_path, block % "true") == []
    monkeypatch.setattr("bots.chat.options.find_spec", lambda name: None)
    said = "outlets.telegram.pictures: charts need matplotlib: pip install 'tertulia[charts]'"
    assert complaints(tmp_path, block % "true") == [f"tertulia.yaml:3: {said}"]
    assert complaints(tmp_path, block % "false") == []
