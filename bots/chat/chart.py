"""The chart beside an alert: its number over time, what is ordinary, and the window that it is about.

The points come from the API's `series`, cut into steps of the alert's own window, so that each can be held against the
alert's baseline. A number that has no series has no chart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Final, NamedTuple

import msgspec

from bots.chat.chart_png import Plot, drawn
from bots.chat.document import Picture
from bots.chat.taming import clean
from bots.commands.client import ApiClient, AskFailed
from config.language import Lang
from config.units import parse_duration
from streams.alerting.spelled import spelled
from streams.alerting.words import cut
from streams.records import Alert
from streams.views.series import Point, Series

STEPS: Final = 144  # of the alert's window: with 5m half a day, with 1h six days
LONGEST: Final = timedelta(days=90)
MOST_NAME: Final = 80


class Shown(NamedTuple):
    """Which field of a series' points shows a number, its unit, and its name. `proxy`: it is not the number itself."""

    field: str
    unit: str
    names: Mapping[Lang, str]
    proxy: bool = False


SHOWN: Final = {
    "posts": Shown("posts", "posts", {"en": "posts", "es": "publicaciones"}),
    "authors": Shown("authors", "people", {"en": "authors", "es": "autores"}),
    "sentiment": Shown("net", "net", {"en": "sentiment", "es": "sentimiento"}),
    "crisis": Shown("negative", "posts", {"en": "negative posts", "es": "publicaciones negativas"}, proxy=True),
}
USUAL: Final[dict[Lang, str]] = {"en": "usual at this hour (95 %)", "es": "habitual a esta hora (95 %)"}
ALERT: Final[dict[Lang, str]] = {"en": "alert", "es": "alerta"}
ALT: Final[dict[Lang, str]] = {
    "en": "Chart: {name} of {brand} per {window} until {at} UTC. Highest {high}, lowest {low}, at the end {last}.",
    "es": "Gráfico: {name} de {brand} por {window} hasta {at} UTC. Máximo {high}, mínimo {low}, al final {last}.",
}


async def chart(client: ApiClient, alert: Alert, display: str, lang: Lang) -> Picture | None:
    """The chart; None for a number without a series, or without a value in it. `display`: the brand for people.

    Raises `AskFailed` when the API does not answer, or not with a series.
    """
    shown = SHOWN.get(alert.number)
    if shown is None or not alert.window:
        return None
    window = parse_duration(alert.window)
    length, path = min(STEPS, max(2, LONGEST // window)) * window, f"/api/brands/{alert.brand}/series"
    step, whole = (f"{int(span.total_seconds())}s" for span in (window, length))
    given = await client.get(path, window=whole, step=step, to=alert.at.isoformat())
    try:
        series = msgspec.convert(given, Series, strict=False)
    except msgspec.ValidationError as error:
        raise AskFailed(f"{path} has another form: {error}") from error
    plot = _plot(alert, shown, series.points, cut(clean(display), MOST_NAME), lang)
    if all(value is None for value in plot.values):
        return None
    return Picture(await asyncio.to_thread(drawn, plot), _words(alert, shown, plot, display, lang))


def _plot(alert: Alert, shown: Shown, points: Sequence[Point], display: str, lang: Lang) -> Plot:
    window = parse_duration(alert.window or "0s")
    return Plot(
        title=f"{display}: {shown.names[lang]} / {alert.window}",
        times=[point.start for point in points],
        values=[getattr(point, shown.field) for point in points],
        step=window,
        usual=None if shown.proxy else alert.interval,
        usual_label=USUAL[lang],
        marked=(alert.started_at - window, alert.ended_at or alert.at),
        marked_label=ALERT[lang],
        bars=shown.field != "net",
    )


def _words(alert: Alert, shown: Shown, plot: Plot, display: str, lang: Lang) -> str:
    values = [value for value in plot.values if value is not None]
    return ALT[lang].format(
        name=shown.names[lang],
        brand=cut(clean(display), MOST_NAME),
        window=alert.window,
        at=f"{alert.at.astimezone(UTC):%Y-%m-%d %H:%M}",
        high=spelled(max(values), shown.unit, lang),
        low=spelled(min(values), shown.unit, lang),
        last=spelled(values[-1], shown.unit, lang),
    )
