"""The description is true: what it lists answers as it says, and what answers is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from streams.api.routes import ROUTES, Route
from streams.records import Alert, SourceStatus
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, conversation, make_config

STATUSES = [SourceStatus("demo", "live", last_event_at=NOW, events=3)]
ALERTS = [Alert("f", "volume-spike", "fairphone", "firing", NOW, NOW, title="more than usual", value=30, baseline=3)]


async def description(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """The document as served."""
    async with http.get(url + "/openapi.json") as response:
        document: dict[str, Any] = await response.json()
        return document


async def test_every_route_of_the_server_is_described(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    assert server._runner is not None
    served = {resource.canonical for resource in server._runner.app.router.resources()}
    document = await description(http, server.url)
    assert set(document["paths"]) == served
    operations = [way["operationId"] for path in document["paths"].values() for way in path.values()]
    assert len(set(operations)) == len(operations)


@pytest.mark.parametrize("route", [pytest.param(each, id=each.operation) for each in ROUTES if each.method == "get"])
async def test_every_described_route_answers_as_described(
    serve: Serve, http: aiohttp.ClientSession, route: Route, tmp_path: Path
) -> None:
    config = make_config().model_copy(update={"data_dir": tmp_path})
    desk = StubDesk(config, conversation("fairphone", 40) + conversation("shiftphone", 12))
    server = await serve(desk, config, sources=STATUSES, alerts=ALERTS)
    described = (await description(http, server.url))["paths"][route.path]["get"]
    (media,) = described["responses"]["200"]["content"]
    url = server.url + route.path.replace("{brand}", "fairphone").replace("{fingerprint}", "f")
    async with await patient(http, url) as response:
        assert (response.status, response.content_type) == (200, media)
        if route.answer is not None:
            msgspec.json.decode(await response.read(), type=route.answer, strict=True)
    for parameter in described["parameters"]:
        assert parameter["description"]
        for example in parameter["schema"].get("examples", ()):
            query = {parameter["name"]: example}
            async with await patient(http, url, **query) as response:
                assert response.status == 200, (parameter, await response.text())


async def patient(http: aiohttp.ClientSession, url: str, **query: str) -> aiohttp.ClientResponse:
    """What takes long is a 503 until it is there: asked for again, as that says."""
    for _ in range(10):
        response = await http.get(url, params=query)
        if response.status != 503:
            break
        response.release()
    return response


async def test_every_reference_of_the_description_leads_somewhere(serve: Serve, http: aiohttp.ClientSession) -> None:
    document = await description(http, (await serve()).url)
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    found = set(references(document))
    assert found
    assert {reference.removeprefix("#/components/schemas/") for reference in found} <= set(schemas)


def references(node: Any) -> list[str]:
    """Every `$ref` below `node`."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [one for value in node.values() for one in references(value)]
    return [one for value in node for one in references(value)] if isinstance(node, list) else []
