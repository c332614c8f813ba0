"""`tertulia forget`: all posts of an author go, and nothing of them is collected again."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import socket
import sys
from typing import Any

import typer

from bots.commands.client import ApiClient
from bots.settings import Failed, Options, api_of, configuration

# What people have at hand, and the id behind it: where the native id stands in it, nobody has to be asked.
_WRITTEN = (
    (re.compile(r"https?://bsky\.app/profile/(did:[a-z]+:[\w.:%-]+)(?:/.*)?"), "bluesky:{0}"),
    (re.compile(r"(?:at://)?(did:[a-z]+:[\w.:%-]+)(?:/.*)?"), "bluesky:{0}"),
    (re.compile(r"https?://news\.ycombinator\.com/user\?id=([\w-]+)"), "hackernews:{0}"),
    (re.compile(r"https?://(?:www\.)?youtube\.com/channel/([\w-]+)(?:/.*)?"), "youtube:{0}"),
)


def author_of(words: str) -> str:
    """The author's id, from an id or an address that holds it. Raises `Failed`."""
    words = words.strip()
    for pattern, form in _WRITTEN:
        if (found := pattern.fullmatch(words)) is not None:
            return form.format(found[1])
    platform, separator, native = words.partition(":")
    if not (separator and native) or not re.fullmatch(r"[^\s/]+", platform) or platform in ("http", "https"):
        raise Failed(
            f"{words[:80]!r} is no author's id, such as bluesky:did:plc:…. It stands as `author.id` in each post of "
            "/api/brands/BRAND/mentions",
            code=2,
        )
    return words


def forget_author(options: Options, author: str, *, yes: bool, undo: bool) -> int:
    """Order it and say how far it is; 1 when it has not arrived everywhere yet. Raises `Failed`, `AskFailed`."""
    name, config = author_of(author), configuration(options)
    if not yes and not undo:
        _confirm(name)
    token = config.api.token.get_secret_value() if config.api.token else None
    answer = asyncio.run(_order(api_of(config, options), token, name, undo))
    print(json.dumps(answer, ensure_ascii=False, indent=2) if options.json else _spoken(answer))
    return 1 if answer["to_go"] else 0


def _confirm(name: str) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise Failed("nobody is there to be asked whether this is meant: it cannot be undone. --yes says so", code=2)
    question = f"All posts of {name} go for good, and none is collected again. Is that meant?"
    if not typer.confirm(question, err=True):
        raise Failed("nothing was done")


async def _order(api: str, token: str | None, author: str, undo: bool) -> dict[str, Any]:
    async with ApiClient(api, token) as client:
        order = {"author": author, "undo": undo, "by": whoever()}
        answer: dict[str, Any] = await client.put("/api/forget", order, accept=202)
        return answer


def whoever() -> str:
    """Who asks, as the audit shall name it; in a container the user may have no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _spoken(answer: dict[str, Any]) -> str:
    """What was done, as a person reads it."""
    done, name = not answer["to_go"], answer["author"]
    where = f"{answer['partitions'] - answer['to_go']} of {answer['partitions']} partitions"
    if not done:
        return (
            f"The order stands in the log, and has arrived in {where}. It arrives in the others as soon as their "
            "workers are back; to see when, give it once more"
        )
    if answer["undo"]:
        return f"What {name} writes from now on is collected again. What was written until now stays gone"
    return f"All posts of {name} are gone from all {answer['partitions']} partitions, and none is collected again"
