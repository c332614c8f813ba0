"""The HTTP server of a worker. Life cycle: `ApiServer(...)` -> `start` (binds) -> answers -> `stop`."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches

from aiohttp import web
from aiohttp.typedefs import Handler

from config.schema import Config
from streams.api.alert_routes import AlertRoutes
from streams.api.bodies import MOST_BYTES
from streams.api.brand_routes import BrandRoutes
from streams.api.forget import ForgetRoutes
from streams.api.ingest import Ingest
from streams.api.live import Live
from streams.api.live_peers import Follower
from streams.api.local import Local
from streams.api.params import Params
from streams.api.peers import Peers
from streams.api.problems import bad_parameter, problems
from streams.api.proxy import Proxy
from streams.api.routes import FORGET, INGEST, ROUTES, SILENCES, Route
from streams.api.security import add_headers, guard
from streams.api.service_routes import ServiceRoutes
from streams.api.silence_routes import SilenceRoutes
from streams.desk import Desk
from streams.metrics import API_SECONDS
from streams.records import Alert, SourceStatus
from streams.views.asked import Confusion

MAX_HEADER = 16 * 1024
_BY_PATH = {(route.path, route.method): route for route in ROUTES}


class CannotListen(OSError):
    """The address of the API cannot be had; the text names the key to change."""


class ApiServer:
    """Answers for this worker's brands from its desk, and for all others by asking the worker that holds them."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        peers: Peers,
        sources: Callable[[], Sequence[SourceStatus]],
        alerts: Callable[[], Sequence[Alert]],
        confusion: Mapping[str, Confusion] | None = None,
        ingest: Ingest | None = None,
        forget: ForgetRoutes | None = None,
        silences: SilenceRoutes | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api, self._peers = config.api, peers
        self._guard = guard(config.api)  # raises TokenMissing before anything is opened
        self._local = Local(desk, config, confusion, now)
        proxy = Proxy(peers, lambda: self.advertised)
        self._ingest, self._forget = ingest, forget
        absent = (() if ingest else (INGEST,)) + (() if forget else FORGET) + (() if silences else SILENCES)
        self._routes = [route for route in ROUTES if route not in absent]
        self._service = ServiceRoutes(desk, config, sources, now, self._routes)
        self._silences = silences
        self._alerts = AlertRoutes(config, alerts, silences.known.all if silences else tuple, now)
        self._brands = BrandRoutes(config, self._local, proxy, Params(config, now), sources)
        follower = Follower(peers, lambda: self.advertised, needed=lambda: len(desk.brands()) < len(config.brands))
        self._live = Live(desk, self._local.shorts, follower)
        self._runner: web.AppRunner | None = None
        self._port = config.api.port

    @property
    def url(self) -> str:
        """Where it answers on this machine; with port 0 known after `start`."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._api.host, self._api.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self._port}"

    @property
    def advertised(self) -> str:
        """Where other workers reach it: the Kafka client id of this worker's consumer."""
        return self._api.advertise.rstrip("/") or self.url

    async def start(self) -> None:
        """Bind and answer. Raises `CannotListen`."""
        app = web.Application(
            middlewares=[_timed, problems, self._guard, _known_parameters], client_max_size=MOST_BYTES
        )
        app.on_response_prepare.append(add_headers)
        handlers = self._service.handlers() | self._alerts.handlers() | self._brands.handlers() | self._live.handlers()
        if self._ingest is not None:
            handlers = handlers | {INGEST.operation: self._ingest.post}
        if self._forget is not None:
            handlers = handlers | self._forget.handlers()
        if self._silences is not None:
            handlers = handlers | self._silences.handlers()
        app.add_routes([getattr(web, route.method)(route.path, handlers[route.operation]) for route in self._routes])
        self._runner = web.AppRunner(
            app,
            access_log=None,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
            handler_cancellation=True,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._api.host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotListen(self._why_not(error)) from error
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the live streams, then the port."""
        await self._live.stop()
        await self._local.circles.stop()
        await self._local.health.stop()
        if self._forget is not None:
            await self._forget.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._peers.stop()
        self._local.stop()

    def _why_not(self, error: OSError) -> str:
        where = f"{self._api.host}:{self._port}"
        if error.errno == errno.EADDRINUSE:
            return (
                f"`api.port`: {where} is in use, perhaps by another Tertulia. Stop that one, or set another `api.port` "
                "(TERTULIA_API__PORT); 0 takes a free one"
            )
        if error.errno == errno.EACCES:
            return f"`api.port`: {where} needs rights this user does not have; take a port above 1023"
        return f"`api.host`: cannot listen on {where}: {error.strerror or error}"


@web.middleware
async def _timed(request: web.Request, handler: Handler) -> web.StreamResponse:
    begun = time.perf_counter()
    status = "cancelled"
    try:
        response = await handler(request)
        status = str(response.status)
        return response
    finally:
        route = _route_of(request)
        if route is None or route.media != "text/event-stream":  # a stream's length says nothing
            API_SECONDS.labels(route.path if route else "unknown", status).observe(time.perf_counter() - begun)


@web.middleware
async def _known_parameters(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what would be ignored: a misspelt parameter would answer another question than the one asked."""
    route = _route_of(request)
    if route is not None:
        names = [param.name for param in route.params]
        for name in request.query:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(names) or 'none'}"
                raise bad_parameter(name[:80], f"is no parameter of {route.path}; {hint}")
            if len(request.query.getall(name)) > 1:
                raise bad_parameter(name, "is given more than once")
    return await handler(request)


def _route_of(request: web.Request) -> Route | None:
    resource = request.match_info.route.resource
    method = {"head": "get"}.get(request.method.lower(), request.method.lower())
    return _BY_PATH.get((resource.canonical, method)) if resource is not None else None
