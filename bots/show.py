"""What `check` and the questions print."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bots.forgetting import whoever
from bots.settings import Options, api_of, configuration, examine
from bots.show_routes import Way
from config.load import Examination
from config.schema import Config
from streams.topics import Topics


def show_check(options: Options, alert: Sequence[str] | None = None) -> int:
    """Every problem of the configuration, or what would run; 1 when it cannot be used.

    `alert`: labels of an alert, `severity=critical`; then where it would go. Raises `Failed`.
    """
    found = examine(options)
    way = Way(found.config, alert) if found.config and alert else None
    if options.json:
        data = _as_data(found) | ({"alert": way.data()} if way else {})
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0 if found.config else 1
    for problem in found.problems:
        print(problem, file=sys.stderr)
    errors = sum(problem.severity == "error" for problem in found.problems)
    if found.config is None:
        print(f"{errors} {'mistake' if errors == 1 else 'mistakes'}", file=sys.stderr)
        return 1
    if way is not None:
        Console(highlight=False).print(way.drawn())
        return 0
    _show_summary(found.config, str(found.file or "the shipped defaults"))
    return 0


def _as_data(found: Examination) -> dict[str, Any]:
    problems = [
        {"where": p.place.where, "line": p.place.line, "key": list(p.key), "message": p.message, "severity": p.severity}
        for p in found.problems
    ]
    config = found.config.model_dump(mode="json", by_alias=True) if found.config else None
    return {"ok": found.config is not None, "file": str(found.file or ""), "problems": problems, "config": config}


def _show_summary(config: Config, file: str) -> None:
    console = Console(highlight=False)
    console.print(f"{file} is good. This would run:", markup=False)
    brands = Table("brand", "title", "group", "terms", "hashtags", "handles", "domains", "own", box=None)
    for b in config.brands:
        counts = (len(part) for part in (b.terms, b.hashtags, b.handles, b.domains, b.own))
        brands.add_row(b.name, b.display, b.group, *map(str, counts))
    members = Table("", "name", "on", "options", box=None)
    for family in ("sources", "outlets"):
        for name, options in getattr(config, family).items():
            rest = {key: value for key, value in options.items() if key != "enabled"}
            enabled = "yes" if options.get("enabled", True) else "no"
            members.add_row(family.removesuffix("s"), name, enabled, _spelled(rest))
    topics = Table("topic", "partitions", box=None)
    for spec in Topics(config).specs():
        topics.add_row(spec.name, str(spec.partitions))
    for table in (brands, members, topics):
        console.print(table)
    console.print(f"Kafka: {config.kafka.bootstrap or 'embedded'}   API: {config.api.host}:{config.api.port}")
    console.print(f"data: {config.data_dir}", markup=False)


def _spelled(options: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in options.items() if value not in (None, (), {}, ""))


def ask(words: list[str], options: Options, to: str | None = None, lang: str | None = None) -> int:
    """Ask the service a question and print the answer; 1 when the answer is an error."""
    from bots.commands import ask as put  # noqa: PLC0415 - imported by tests of `check` that need no service

    config = configuration(options)
    token = config.api.token
    secret = token.get_secret_value() if token else None
    answer = asyncio.run(put(words, api_of(config, options), secret, to=to, lang=lang, by=whoever()))
    if options.json:
        print(json.dumps(answer.data, ensure_ascii=False, indent=2))
    else:
        Console(highlight=False).print(answer.rich())
    return 0 if answer.ok else 1
