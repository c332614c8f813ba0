"""Draws a plot as a PNG of 800 × 400 with matplotlib (extra `charts`), in one fixed style, without a display."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE: Final = (8.0, 4.0)  # inches, at
DPI: Final = 100
# Told apart by people who see few colours as well (Okabe & Ito 2008), and without colour by their lightness.
INK, BAND, MARK, GREY = "#0072B2", "#56B4E9", "#E69F00", "#444444"
_ONE_AT_A_TIME = threading.Lock()  # matplotlib's caches are not made for several threads


class Plot(msgspec.Struct, frozen=True):
    """Values by the start of their step; None: unknown. `usual`: the range of ordinary values."""

    title: str
    times: Sequence[datetime]
    values: Sequence[float | None]
    step: timedelta
    usual: tuple[float, float] | None
    usual_label: str
    marked: tuple[datetime, datetime]
    marked_label: str
    bars: bool


def drawn(plot: Plot) -> bytes:
    """The PNG. Takes tenths of a second: call it in a thread. Raises `ImportError` without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra, and slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    with _ONE_AT_A_TIME:
        figure = Figure(figsize=SIZE, dpi=DPI)
        # Fixed: a layout that fits itself to the words takes as long again.
        figure.subplots_adjust(left=0.08, right=0.97, top=0.9, bottom=0.13)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _values(axes, plot)
        _frame(axes, plot)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Software": None})
        return picture.getvalue()


def _values(axes: Axes, plot: Plot) -> None:
    from matplotlib.dates import date2num  # noqa: PLC0415 - as above

    times: Any = [at.astimezone(UTC) for at in plot.times]  # matplotlib takes datetimes; its stubs do not say so
    values: Any = [float("nan") if value is None else value for value in plot.values]
    if plot.usual is not None:
        axes.axhspan(*plot.usual, color=BAND, alpha=0.25, label=plot.usual_label, linewidth=0)
    begin, end = (_clipped(at, plot) for at in plot.marked)
    axes.axvspan(begin, end, color=MARK, alpha=0.3, label=plot.marked_label, linewidth=0)  # type: ignore[arg-type] # as above
    if plot.bars:
        edges: Any = date2num([*times, times[-1] + plot.step])  # type: ignore[no-untyped-call] # in matplotlib's stubs
        axes.stairs(values, edges, fill=True, color=INK)  # one shape: bars would be 144, and take three times as long
    else:
        axes.plot(times, values, color=INK, marker=".", linewidth=1.5)


def _frame(axes: Axes, plot: Plot) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter  # noqa: PLC0415 - as above

    long = plot.times[-1] - plot.times[0] > timedelta(days=2)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=UTC, maxticks=8))  # type: ignore[no-untyped-call] # in matplotlib's stubs
    axes.xaxis.set_major_formatter(DateFormatter("%d/%m" if long else "%H:%M", tz=UTC))  # type: ignore[no-untyped-call] # same
    axes.set_xlim(plot.times[0], plot.times[-1] + plot.step)  # type: ignore[arg-type] # datetimes, as above
    axes.set_xlabel("UTC", color=GREY)
    axes.set_title(plot.title, loc="left", fontweight="bold", parse_math=False)  # a $ is a $
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=GREY)
    axes.legend(loc="upper left", frameon=False)


def _clipped(at: datetime, plot: Plot) -> datetime:
    return min(max(at, plot.times[0]), plot.times[-1] + plot.step)
