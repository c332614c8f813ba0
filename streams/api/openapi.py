"""The OpenAPI 3.1 description, made from the table of routes and the structs of the answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.api.ingest_signature import OURS
from streams.api.problems import MEDIA_TYPE
from streams.api.routes import INGEST, JSON, Param, Route

_REF = "#/components/schemas/{name}"
_WAYS_IN = {
    "token": {"type": "http", "scheme": "bearer"},
    "signature": {"type": "apiKey", "in": "header", "name": OURS, "description": "t=<Unix seconds>,v1=<HMAC-SHA256>"},
}
_TAKES_IN = {
    "security": [{"signature": []}],
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {}} for media in ("application/json", "application/x-ndjson")},
    },
}


def describe(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document."""
    types = [route.answer for route in routes if route.answer is not None]
    types += [route.asked for route in routes if route.asked is not None] + [route.problem for route in routes]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    answers = dict(zip((route.operation for route in routes if route.answer is not None), schemas, strict=False))
    problems = schemas[-len(routes) :]
    asking = [route.operation for route in routes if route.asked is not None]
    bodies = dict(zip(asking, schemas[len(answers) :], strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for route, problem in zip(routes, problems, strict=True):
        operation = _operation(route, answers.get(route.operation), problem)
        paths.setdefault(route.path, {})[route.method] = _body(bodies.get(route.operation)) | operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": version,
            "summary": "The conversation around a brand, live, with honest uncertainty.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _WAYS_IN},
        "security": [{}, {"token": []}],  # on loopback no token is needed
    }


def _operation(route: Route, answer: dict[str, Any] | None, problem: dict[str, Any]) -> dict[str, Any]:
    schema = answer if answer is not None else {"type": "string"}
    named = [_path_parameter(name) for name in re.findall(r"{(\w+)}", route.path)]
    taken_in = _TAKES_IN if route.operation == INGEST.operation else {}
    return taken_in | {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [_tag(route)],
        "parameters": [*named, *map(_query_parameter, route.params)],
        "responses": {
            str(route.status): {"description": route.summary, "content": {route.media: {"schema": schema}}},
            "default": {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: {"schema": problem}}},
        },
    }


def _body(asked: dict[str, Any] | None) -> dict[str, Any]:
    return {} if asked is None else {"requestBody": {"required": True, "content": {JSON: {"schema": asked}}}}


def _tag(route: Route) -> str:
    if route.operation == INGEST.operation:
        return "taking in"
    if route.method != "get":
        return "orders"
    return "between workers" if route.internal else "questions" if route.path.startswith("/api") else "service"


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"Name of the {name}.",
        "schema": {"type": "string"},
    }


def _query_parameter(param: Param) -> dict[str, Any]:
    return {"name": param.name, "in": "query", "description": param.description, "schema": param.schema}
