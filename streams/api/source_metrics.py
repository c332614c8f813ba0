"""`tertulia_source_*`: metrics made from the sources' last status records at the moment of the scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams import metrics
from streams.records import SourceState, SourceStatus


class SourceMetrics(Collector):
    """A Prometheus collector over status records; `now` is the clock."""

    def __init__(self, sources: Callable[[], Sequence[SourceStatus]], now: Callable[[], datetime]) -> None:
        self._sources, self._now = sources, now

    def collect(self) -> Iterable[Metric]:
        """The families, with one sample per source (and state)."""
        state = GaugeMetricFamily(*metrics.SOURCE_STATE)
        last = GaugeMetricFamily(*metrics.SOURCE_LAST_EVENT)
        lag = GaugeMetricFamily(*metrics.SOURCE_LAG)
        waiting = GaugeMetricFamily(*metrics.SOURCE_WAITING)
        gaps = GaugeMetricFamily(*metrics.SOURCE_GAPS)
        events = CounterMetricFamily(*metrics.SOURCE_EVENTS)
        for source in self._sources():
            for name in get_args(SourceState):
                state.add_metric([source.name, name], float(source.state == name))
            if source.last_event_at is not None:
                last.add_metric([source.name], (self._now() - source.last_event_at).total_seconds())
            if source.lag_s is not None:
                lag.add_metric([source.name], source.lag_s)
            waiting.add_metric([source.name], source.waiting)
            gaps.add_metric([source.name], len(source.gaps))
            for kind in ("events", "bad", "deletes"):
                events.add_metric([source.name, kind], getattr(source, kind))
        return [state, last, lag, waiting, gaps, events]
