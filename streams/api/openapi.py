"""The OpenAPI 3.1 description, made from the table of routes and the structs of the answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from streams.api.problems import MEDIA_TYPE, ProblemDetails
from streams.api.routes import Param, Route

_REF = "#/components/schemas/{name}"


def describe(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document."""
    types = [route.answer for route in routes if route.answer is not None]
    schemas, components = msgspec.json.schema_components([*types, ProblemDetails], ref_template=_REF)
    answers = dict(zip((route.path for route in routes if route.answer is not None), schemas, strict=False))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": version,
            "summary": "The conversation around a brand, live, with honest uncertainty.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {route.path: {"get": _operation(route, answers.get(route.path), schemas[-1])} for route in routes},
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],  # on loopback no token is needed
    }


def _operation(route: Route, answer: dict[str, Any] | None, problem: dict[str, Any]) -> dict[str, Any]:
    schema = answer if answer is not None else {"type": "string"}
    named = [_path_parameter(name) for name in re.findall(r"{(\w+)}", route.path)]
    return {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": ["between workers" if route.internal else "questions" if route.path.startswith("/api") else "service"],
        "parameters": [*named, *map(_query_parameter, route.params)],
        "responses": {
            "200": {"description": route.summary, "content": {route.media: {"schema": schema}}},
            "default": {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: {"schema": problem}}},
        },
    }


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
