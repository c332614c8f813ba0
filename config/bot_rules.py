"""No two may listen as the same bot.

What comes for a bot of Telegram or an app of Slack goes to one program only, whichever. Discord and Matrix tell all of
them, and each would take the rooms of the other for strange ones; a collector there minds nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import SecretStr

from config.problems import Key

ALONE: Final[Mapping[str, str]] = {"slack": "app_token", "telegram": "token"}
"""The option that says which bot, by kind of source and outlet."""
TOKENS: Final[Mapping[str, str]] = {**ALONE, "discord": "token", "matrix": "token"}
"""The same for outlets that answer."""

Members = Mapping[str, Mapping[str, Any]]


def shared_bots(sources: Members, outlets: Members) -> Iterator[tuple[Key, str]]:
    """Each outlet that answers questions with somebody else's bot: its key, and whose. Options as they were checked."""
    taken: dict[tuple[str, str], str] = {}
    for name, options in sources.items():
        if name in ALONE and options.get("enabled", True):
            taken[name, _secret(options.get(ALONE[name]))] = f"sources.{name}"
    for name, options in outlets.items():
        kind = options.get("kind") or name
        if kind not in TOKENS or not options.get("enabled", True) or not _asked(options):
            continue
        bot = (kind, _secret(options.get(TOKENS[kind])))
        if bot[1] and bot in taken:
            yield ("outlets", name, TOKENS[kind]), _message(taken[bot], alone=kind in ALONE)
        taken.setdefault(bot, f"outlets.{name}")


def _asked(options: Mapping[str, Any]) -> bool:
    questions = options.get("questions")
    if isinstance(questions, Mapping):
        return bool(questions.get("enabled"))
    return bool(getattr(questions, "enabled", False))


def _message(other: str, *, alone: bool) -> str:
    why = ", and one takes away what comes for the other" if alone else ""
    return f"{other} listens with it as well{why}. Use a bot of its own, or name all rooms in one outlet"


def _secret(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
