"""The same bad records as lines of a file, by `tertulia replay`: a dead letter each, all other lines are counted."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from streams.records import DeadLetter
from tests.bad_input.records import BAD, BRAND, SURROGATES, line
from tests.bad_input.service import Service, good
from tests.e2e.worker_process import PATIENCE_S, ROOT, tertulia

pytestmark = pytest.mark.timeout(600)
# A line ends at the first line feed, which UTF-16 and 8 MB of noise need not respect; that is two bad lines then.
LINES = tuple(bad for bad in BAD if b"\n" not in bad.value)


def replay(service: Service, name: str, lines: list[bytes]) -> dict[str, Any]:
    """Run `tertulia replay --json`; its report."""
    path = service.folder / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    options = ("--json", "--config", str(service.file), "--data-dir", str(service.folder / "replay"))
    done = subprocess.run(
        tertulia("replay", str(path), *options), cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    return report


async def letters_of(service: Service, file: str) -> dict[str, DeadLetter]:
    """The dead letters of one file, by line number."""
    return {letter.offset: letter for letter in await service.letters() if file in letter.source}


async def test_every_bad_line_is_a_dead_letter_and_every_good_one_counts(service: Service) -> None:
    """Bad and good lines in turn."""
    posts = good(len(LINES) + 1)
    lines = [*posts.values()]
    for number, bad in enumerate(LINES):
        lines.insert(2 * number + 1, bad.value)
    report = replay(service, "bad.jsonl", lines)
    assert (report["posts"], report["bad"], report["problem"]) == (len(posts), len(LINES), "")
    await service.until_counted(posts)
    letters = await letters_of(service, "bad.jsonl")
    for number, bad in enumerate(LINES):
        letter = letters[str(2 * number + 2)]
        assert bad.reason in letter.reason, bad.name
        assert f"line {2 * number + 2}" in letter.reason
        assert letter.record == bad.value.strip()[: 64 * 1024]


async def test_half_characters_are_mended(service: Service) -> None:
    """In a file a lone surrogate is a copying mistake: the rest of the post is good."""
    values = {f"test:half-{number}": bad.value for number, bad in enumerate(SURROGATES)}
    lines = [value.replace(b'"test:bad"', f'"{post_id}"'.encode()) for post_id, value in values.items()]
    report = replay(service, "half.jsonl", lines)
    assert report["bad"] == 0
    found = await service.until_counted(["test:half-0", "test:bad\ufffdx", "test:half-2"])
    assert found["test:half-0"]["post"]["text"] == f"{BRAND} \ufffd forever"
    assert found["test:half-2"]["post"]["author"]["id"] == "test:\ufffduthor"


async def test_a_line_without_end_and_a_file_without_last_line_feed(service: Service) -> None:
    """A line of 9 MB, then one cut off in the middle of the last post: only those two are lost."""
    posts = good(2)
    first, second = posts.values()
    report = replay(service, "long.jsonl", [first, b'{"id": "' + b"x" * (9 * 1024 * 1024), second, line()[:-20]])
    assert (report["posts"], report["bad"]) == (2, 2)
    await service.until_counted(posts)
    reasons = [letter.reason for letter in (await letters_of(service, "long.jsonl")).values()]
    assert any("longer than" in reason for reason in reasons)
    assert any("truncated" in reason for reason in reasons)
