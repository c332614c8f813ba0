"""The routes that are not about one brand's numbers: probes, metrics, the description, brands and sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from config.schema import Config
from streams import metrics
from streams.api import answers
from streams.api.openapi import describe
from streams.api.routes import Route
from streams.api.source_metrics import SourceMetrics
from streams.desk import Desk
from streams.records import SourceStatus

Handler = Callable[[web.Request], Any]


def reply(answer: Any, status: int = 200) -> web.Response:
    """An answer as JSON. Numbers are of the moment: nobody may keep them."""
    body = msgspec.json.encode(answer)
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


class ServiceRoutes:
    """Handlers of the table `routes.SERVICE`, by operation."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        sources: Callable[[], Sequence[SourceStatus]],
        now: Callable[[], datetime],
        routes: Sequence[Route],
    ) -> None:
        self._desk, self._config, self._sources = desk, config, sources
        self._registry = CollectorRegistry()
        self._registry.register(SourceMetrics(sources, now))
        self._description = describe(routes, version("tertulia"))

    def handlers(self) -> dict[str, Handler]:
        """Operation -> handler."""
        return {
            "healthz": self.healthz,
            "readyz": self.readyz,
            "metrics": self.metrics,
            "openapi": self.openapi,
            "dashboard": _asset("index.html", "text/html"),
            "script": _asset("dashboard.js", "text/javascript"),
            "charts": _asset("charts.js", "text/javascript"),
            "words": _asset("words.js", "text/javascript"),
            "style": _asset("dashboard.css", "text/css"),
            "brands": self.brands,
            "sources": self.sources,
        }

    async def healthz(self, _request: web.Request) -> web.Response:
        """Always well when it can answer at all."""
        return reply(answers.Healthy())

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 once every assigned partition is recovered, else 503."""
        ready = self._desk.ready()
        return reply(answers.Ready(ready, sorted(self._desk.brands())), 200 if ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Own metrics, then those of the sources."""
        text = generate_latest(metrics.REGISTRY) + generate_latest(self._registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def openapi(self, _request: web.Request) -> web.Response:
        """The description of all routes."""
        return reply(self._description)

    async def brands(self, _request: web.Request) -> web.Response:
        """Every configured brand, in the order of the configuration."""
        here = self._desk.brands()
        return reply(
            answers.Brands(
                [
                    answers.BrandInfo(b.name, b.display, b.description, b.group, here=b.name in here)
                    for b in self._config.brands
                ]
            )
        )

    async def sources(self, _request: web.Request) -> web.Response:
        """By name; the resume point is the collector's own business."""
        found = sorted(self._sources(), key=lambda source: source.name)
        return reply(answers.Sources([msgspec.structs.replace(source, cursor=None) for source in found]))


def _asset(name: str, media: str) -> Handler:
    body = files("streams.api").joinpath(name).read_bytes()

    async def serve(_request: web.Request) -> web.Response:
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=body, content_type=media, charset="utf-8", headers=headers)

    return serve
