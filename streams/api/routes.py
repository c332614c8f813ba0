"""Every route: one table that the server, the checks of parameters and `/openapi.json` are made from."""

from __future__ import annotations

from typing import Any

import msgspec

from streams.api import alert_answers, answers
from streams.api.health_answers import BrandHealth, HealthFigures
from streams.api.params import DEFAULT_LIMIT, MAX_LIMIT
from streams.api.problems import ProblemDetails
from streams.graph.answers import Circles
from streams.graph.export import FORMATS, GraphExport
from streams.views.voice import VoiceCounts

JSON = "application/json"


class Param(msgspec.Struct, frozen=True):
    """One parameter of a query."""

    name: str
    description: str
    schema: dict[str, Any]


class Route(msgspec.Struct, frozen=True):
    """`operation` names the handler; `answer` is the type of the body, or `None` where it is no JSON."""

    path: str
    operation: str
    summary: str
    answer: Any = None
    media: str = JSON
    params: tuple[Param, ...] = ()
    internal: bool = False  # from worker to worker; documented all the same
    method: str = "get"
    status: int = 200  # of an answer that is no problem
    problem: Any = ProblemDetails
    asked: Any = None  # the type of a JSON body, where one is wanted


def _text(name: str, description: str, example: str, **more: Any) -> Param:
    return Param(name, description, {"type": "string", "examples": [example], **more})


WINDOW = _text("window", "Length of the window: a number and ms, s, m, h, d or w. Default 24h.", "24h")
TO = _text("to", "End of the window, exclusive (RFC 3339). Default: now.", "2026-11-23T12:00:00Z", format="date-time")
PLATFORM = _text("platform", "Only posts of this platform.", "bluesky")
LANG = _text("lang", "Only posts in this language.", "es")
STEP = _text("step", "Length of one point. Default: the shortest usual one that makes at most 300 points.", "5m")
AFTER = Param("after", "The `after` of the page before.", {"type": "string"})
LIMIT = Param(
    "limit",
    f"How many at most. Default {DEFAULT_LIMIT}.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
)
FORMAT = Param(
    "format",
    f"Of the document; graphml is answered as application/xml. Default {FORMATS[0]}.",
    {"type": "string", "enum": list(FORMATS), "examples": list(FORMATS)},
)
SAY = _text("say", "Language of the sentences: en or es; others get English.", "es")
BY = _text("by", "Who orders it, for the audit.", "ana@laptop")
ASKED = (WINDOW, TO, PLATFORM, LANG)

SERVICE = (
    Route("/healthz", "healthz", "Whether the process runs.", answers.Healthy),
    Route("/readyz", "readyz", "Whether the numbers are whole; 503 while they are not.", answers.Ready),
    Route("/metrics", "metrics", "Prometheus metrics.", media="text/plain"),
    Route("/openapi.json", "openapi", "This description.", dict[str, Any]),
    Route("/", "dashboard", "The dashboard.", media="text/html"),
    Route("/dashboard.js", "script", "The dashboard's script.", media="text/javascript"),
    Route("/charts.js", "charts", "The dashboard's charts.", media="text/javascript"),
    Route("/words.js", "words", "The dashboard's words.", media="text/javascript"),
    Route("/dashboard.css", "style", "The dashboard's style.", media="text/css"),
    Route("/api/brands", "brands", "All configured brands.", answers.Brands),
    Route("/api/sources", "sources", "The networks: state, last event, gaps.", answers.Sources),
)

BRAND = (
    Route("/api/brands/{brand}/pulse", "pulse", "The numbers of a window.", answers.BrandPulse, params=ASKED),
    Route(
        "/api/brands/{brand}/series",
        "series",
        "Posts and sentiment over time.",
        answers.BrandSeries,
        params=(*ASKED, STEP),
    ),
    Route(
        "/api/brands/{brand}/mentions",
        "mentions",
        "The entries themselves, newest first.",
        answers.Mentions,
        params=(WINDOW, TO, AFTER, LIMIT),
    ),
    Route("/api/brands/{brand}/voice", "voice", "Share of voice in the brand's group.", answers.Voice, params=ASKED),
    Route(
        "/api/brands/{brand}/voice-counts",
        "voice_counts",
        "What one brand brings to a share of voice.",
        VoiceCounts,
        params=ASKED,
        internal=True,
    ),
    Route(
        "/api/brands/{brand}/circles",
        "circles",
        "The circles of the people who talk with each other, at most a minute old; 503 while they are worked out.",
        Circles,
        params=(WINDOW, TO),
    ),
    Route(
        "/api/brands/{brand}/graph",
        "graph",
        "The graph behind the circles, under pseudonyms; 503 while it is worked out.",
        GraphExport,
        params=(FORMAT, TO),
    ),
    Route(
        "/api/brands/{brand}/health",
        "health",
        "The community's numbers beside its own past and its group, and what moved; at most a minute old.",
        BrandHealth,
        params=(WINDOW, TO, SAY),
    ),
    Route(
        "/api/brands/{brand}/health-figures",
        "health_figures",
        "What one brand brings to the comparison in its group.",
        HealthFigures,
        params=(WINDOW, TO),
        internal=True,
    ),
    Route("/api/live", "live", "Short pulses as they change (server-sent events).", media="text/event-stream"),
)
FORGET = (
    Route(
        "/api/forget",
        "forget",
        "Erases an author everywhere, and collects nothing of them again; 202: not everywhere yet.",
        answers.Forgotten,
        method="put",
        asked=answers.Forget,
    ),
    Route("/api/applied", "applied", "How far the partitions of a worker are.", answers.Applied, internal=True),
)
ALERTS = (
    Route(
        "/api/alerts",
        "alerts",
        "Alerts that fire, and those that resolved lately.",
        alert_answers.Alerts,
        params=(SAY,),
    ),
    Route(
        "/api/alerts/{fingerprint}",
        "alert",
        "One alert in words: what is unusual, how sure that is, and who drives it.",
        alert_answers.AlertInWords,
        params=(SAY,),
    ),
)
SILENCES = (
    Route(
        "/api/alerts/{fingerprint}/ack",
        "acknowledge",
        "Acknowledges an alert: it is told no more until it is over.",
        alert_answers.ShownSilence,
        method="post",
        asked=alert_answers.Acknowledge,
    ),
    Route("/api/silences", "silences", "Silences that hold, will hold, or ended lately.", alert_answers.Silences),
    Route(
        "/api/silences",
        "silence",
        "Keeps alerts from being told for a while; they are shown all the same.",
        alert_answers.ShownSilence,
        method="post",
        asked=alert_answers.AskSilence,
        status=201,
    ),
    Route(
        "/api/silences/{id}",
        "end_silence",
        "Ends a silence, or takes an acknowledgement back.",
        alert_answers.ShownSilence,
        method="delete",
        params=(BY,),
    ),
)
INGEST = Route(
    "/ingest/{source}",
    "ingest",
    "Takes in signed posts of a configured sender: one JSON object, a list, or one per line.",
    answers.Ingested,
    method="post",
    status=202,
    problem=answers.NotAllIngested,
)
ROUTES = (*SERVICE, *ALERTS, *BRAND, *SILENCES, *FORGET, INGEST)
