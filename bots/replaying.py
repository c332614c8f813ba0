"""`tertulia replay`: a file of posts into the running service, with a progress bar."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from bots.collect import ReplayReport, replay
from bots.roles import set_up_logging
from bots.settings import Failed, Options, bootstrap_of, configuration


def replay_file(options: Options, path: Path, rate: float | None, *, again: bool) -> None:
    """Feed the file. Raises `Misconfigured` for one that cannot be read, `Failed` when it did not come to its end."""
    config = configuration(options)
    bootstrap = bootstrap_of(config)
    set_up_logging("WARNING")
    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.fields[posts]:,} posts"), TimeRemainingColumn())
    with Progress(TextColumn(path.name), *columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("replay", total=None, posts=0)

        def watch(done: int, total: int, posts: int) -> None:
            bar.update(task, completed=done, total=total, posts=posts)

        report = asyncio.run(replay(config, bootstrap, path, rate, again=again, watch=watch))
    print(json.dumps(msgspec.to_builtins(report)) if options.json else _spoken(report, path))
    if report.problem:
        raise Failed(f"{path} did not come to its end: {report.problem}. Start again: it goes on where it stopped")


def _spoken(report: ReplayReport, path: Path) -> str:
    parts = [f"{report.posts:,} posts of {path.name} are in Kafka"]
    if report.deletes:
        parts.append(f"{report.deletes:,} of them deletions")
    if report.orphans:
        parts.append(f"{report.orphans:,} without their parent")
    if report.bad:
        parts.append(f"{report.bad:,} lines were no posts (see the topic dead-letters)")
    if report.skipped_lines:
        parts.append(f"{report.skipped_lines:,} lines were there from an earlier replay (--again repeats them)")
    return "; ".join(parts)
