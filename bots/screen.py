"""What `tertulia up` shows: a bar for the first download, lines for events, and the live pulse of every brand."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

QUIET_S = 60.0  # the same complaint is not repeated within this time
MOST_BRANDS = 12  # on one screen
_NUMBERS = re.compile(r"\d+(\.\d+)?")


class Screen(Protocol):
    """Where `up` shows itself."""

    pulse_every_s: float

    def say(self, who: str, text: str) -> None:
        """One event, on one line; the same again within a minute is dropped."""

    def progress(self, done: int, total: int, name: str) -> None:
        """Bytes of the first download; called from any thread."""

    def pulses(self, lines: Sequence[str], data: Sequence[Any]) -> None:
        """The present pulse of every brand."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def make_screen(*, as_json: bool) -> Screen:
    """The one that suits where standard output goes."""
    console = Console()
    if as_json:
        return JsonScreen()
    return LiveScreen(console) if console.is_terminal else PlainScreen()


class Quiet:
    """Tells whether a line is new enough to be shown; numbers in it do not make it new."""

    def __init__(self) -> None:
        self._shown: dict[str, float] = {}

    def lets(self, who: str, text: str) -> bool:
        """Whether to show it now."""
        now, form = time.monotonic(), f"{who}: {_NUMBERS.sub('#', text)}"
        if now - self._shown.get(form, -QUIET_S) < QUIET_S:
            return False
        if len(self._shown) > 1_000:
            self._shown.clear()
        self._shown[form] = now
        return True


class PlainScreen:
    """Lines, for a file, a pipe or a journal."""

    pulse_every_s = 10.0

    def __init__(self) -> None:
        self._quiet = Quiet()
        self._tenths = -1

    def say(self, who: str, text: str) -> None:
        """One line."""
        if self._quiet.lets(who, text):
            print(f"{who}: {text}", flush=True)

    def progress(self, done: int, total: int, name: str) -> None:  # noqa: ARG002 - one form for all screens
        """A line for each tenth."""
        tenths = done * 10 // max(total, 1)
        if tenths != self._tenths:
            self._tenths = tenths
            print(f"first download: {tenths * 10} % of {total / 1e6:.0f} MB", flush=True)

    def pulses(self, lines: Sequence[str], data: Sequence[Any]) -> None:  # noqa: ARG002
        """One line per brand."""
        print("\n".join(lines), flush=True)

    def close(self) -> None:
        """Nothing to undo."""


class JsonScreen(PlainScreen):
    """One JSON object per line, for programs."""

    def say(self, who: str, text: str) -> None:
        """`{"from": …, "text": …}`."""
        if self._quiet.lets(who, text):
            print(json.dumps({"from": who, "text": text}, ensure_ascii=False), flush=True)

    def progress(self, done: int, total: int, name: str) -> None:
        """`{"progress": [done, total]}` for each tenth."""
        tenths = done * 10 // max(total, 1)
        if tenths != self._tenths:
            self._tenths = tenths
            print(json.dumps({"progress": [done, total], "file": name}), flush=True)

    def pulses(self, lines: Sequence[str], data: Sequence[Any]) -> None:  # noqa: ARG002
        """`{"pulses": […]}`."""
        print(json.dumps({"pulses": data}, ensure_ascii=False), flush=True)


class LiveScreen:
    """A terminal: events scroll, the pulses stay below them."""

    pulse_every_s = 2.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._quiet = Quiet()
        self._bar: Progress | None = None
        self._live: Live | None = None

    def say(self, who: str, text: str) -> None:
        """One line above the pulses."""
        self._end_bar()
        if self._quiet.lets(who, text):
            self._console.print(f"[bold]{escape(who)}[/bold]: {escape(text)}", highlight=False)

    def progress(self, done: int, total: int, name: str) -> None:
        """A bar with speed and time left."""
        if self._bar is None:
            columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            self._bar = Progress(TextColumn("{task.description}"), *columns, console=self._console)
            self._bar.add_task("first download", total=total)
            self._bar.start()
        self._bar.update(
            self._bar.task_ids[0], completed=done, total=total, description=f"first download: {name:<32.32}"
        )

    def pulses(self, lines: Sequence[str], data: Sequence[Any]) -> None:  # noqa: ARG002
        """The block at the foot."""
        self._end_bar()
        shown = list(lines[:MOST_BRANDS])
        if len(lines) > len(shown):
            shown.append(f"… and {len(lines) - len(shown)} more: tertulia status")
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(escape("\n".join(shown)), refresh=True)

    def close(self) -> None:
        """Stop bar and block."""
        self._end_bar()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
