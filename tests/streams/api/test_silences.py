"""`/api/silences`, acknowledgements, and alerts that say who silenced them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from streams.alerting.silences import Silence
from streams.api import ApiServer
from streams.api.silence_routes import MOST_SILENCES
from streams.records import Alert
from tests.streams.api.conftest import Serve
from tests.streams.api.silencing import Silencing
from tests.streams.api.stub import NOW, make_config

SPIKE = Alert("a1b2", "volume-spike", "fairphone", "firing", NOW, NOW, title="84 posts", value=84, baseline=12)
OVER = Alert("c1d2", "volume-spike", "shiftphone", "resolved", NOW, NOW, title="calm", value=1, baseline=1)
HOUR = timedelta(hours=1)
Start = Callable[..., Awaitable[ApiServer]]


@pytest.fixture
def behind(tmp_path: Path) -> Silencing:
    """With nothing in its way."""
    return Silencing(lambda: [SPIKE, OVER], tmp_path)


@pytest.fixture
def start(serve: Serve, behind: Silencing) -> Start:
    """A server over it."""

    async def run(**api: Any) -> ApiServer:
        return await serve(config=make_config(**api), alerts=[SPIKE, OVER], silences=behind.routes())

    return run


async def ask(http: aiohttp.ClientSession, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    async with http.request(method, url, **more) as response:
        return response.status, await response.json(content_type=None)


def audit(behind: Silencing) -> list[dict[str, Any]]:
    """What was written down."""
    return [json.loads(line) for line in behind.audit.path.read_text().splitlines()]


async def test_made_listed_shown_and_ended(start: Start, http: aiohttp.ClientSession, behind: Silencing) -> None:
    url = (await start()).url
    body = {"matchers": ["brand=fairphone"], "for": "2h", "comment": "launch\nday", "by": "ana"}
    status, made = await ask(http, "POST", f"{url}/api/silences", json=body)
    assert status == 201
    assert (made["matchers"], made["state"], made["ends_at"]) == (
        ['brand="fairphone"'],
        "active",
        "2026-11-23T14:00:00Z",
    )
    assert made["comment"] == "launch day", "on one line"
    _, listed = await ask(http, "GET", f"{url}/api/silences")
    assert listed["silences"] == [made]
    _, alerts = await ask(http, "GET", f"{url}/api/alerts")
    shown = {alert["fingerprint"]: alert.get("silenced") for alert in alerts["alerts"]}
    assert shown["a1b2"]["created_by"] == "ana"
    assert shown["c1d2"] is None
    _, spanish = await ask(http, "GET", f"{url}/api/alerts", params={"say": "es"})
    assert [alert["title"].split(",")[-1] for alert in spanish["alerts"]] == [
        " lo habitual son unas 12",
        " lo habitual son unas 1",
    ]
    _, one = await ask(http, "GET", f"{url}/api/alerts/a1b2", params={"say": "es"})
    assert one["title"] == spanish["alerts"][0]["title"]
    assert one["alert"]["silenced"]["id"] == made["id"]
    status, over = await ask(http, "DELETE", f"{url}/api/silences/{made['id']}", params={"by": "ben"})
    assert (status, over["state"], over["ends_at"]) == (200, "expired", "2026-11-23T12:00:00Z")
    assert (await ask(http, "DELETE", f"{url}/api/silences/{made['id']}"))[0] == 200, "twice is as good as once"
    assert [(line["order"], line["by"], line["about"], line["id"]) for line in audit(behind)] == [
        ("silence", "ana", 'brand="fairphone"', made["id"]),
        ("unsilence", "ben", 'brand="fairphone"', made["id"]),
    ]
    assert [each.state_at(NOW) for each in behind.published] == ["active", "expired"]


async def test_acknowledged_and_taken_back(start: Start, http: aiohttp.ClientSession, behind: Silencing) -> None:
    url = (await start()).url
    _, made = await ask(http, "POST", f"{url}/api/alerts/a1b2/ack", json={"by": "ana", "comment": "on it"})
    assert (made["fingerprint"], made["started_at"], made["created_by"]) == ("a1b2", "2026-11-23T12:00:00Z", "ana")
    _, again = await ask(http, "POST", f"{url}/api/alerts/a1b2/ack", json={"by": "ben"})
    assert again["id"] == made["id"]
    _, one = await ask(http, "GET", f"{url}/api/alerts/a1b2")
    assert one["alert"]["silenced"]["created_by"] == "ben"
    await ask(http, "DELETE", f"{url}/api/silences/{made['id']}", params={"by": "ben"})
    _, one = await ask(http, "GET", f"{url}/api/alerts/a1b2")
    assert "silenced" not in one["alert"]
    assert [line["order"] for line in audit(behind)] == ["ack", "ack", "unack"]


async def test_an_acknowledgement_is_over_with_its_episode(
    serve: Serve, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    alerts = [SPIKE]
    behind = Silencing(lambda: alerts, tmp_path)
    url = (await serve(config=make_config(), alerts=alerts, silences=behind.routes())).url
    await ask(http, "POST", f"{url}/api/alerts/a1b2/ack", json={"by": "ana"})

    async def state() -> Any:
        return (await ask(http, "GET", f"{url}/api/silences"))[1]["silences"][0]["state"]

    assert await state() == "active"
    alerts[:] = [msgspec.structs.replace(SPIKE, state="resolved", ended_at=NOW + HOUR)]
    assert await state() == "expired"
    alerts[:] = [msgspec.structs.replace(SPIKE, started_at=NOW + 2 * HOUR)]
    assert await state() == "expired", "what fires now is another episode"


async def test_the_longest_order_of_any_alphabet_is_taken(
    start: Start, http: aiohttp.ClientSession, behind: Silencing
) -> None:
    """Twelve bytes a letter, as many programs write those of other planes."""
    url = (await start()).url
    body = {"matchers": ["brand!=" + "😀" * 300] * 20, "for": "1h", "comment": "😀" * 500, "by": "😀" * 100}
    assert (await ask(http, "POST", f"{url}/api/silences", json=body))[0] == 201
    assert len(behind.published[0].matchers) == 20


async def test_there_is_an_end_to_how_many_there_may_be(
    start: Start, http: aiohttp.ClientSession, behind: Silencing
) -> None:
    for number in range(MOST_SILENCES):
        behind.keep(Silence(str(number), ('brand="x"',), NOW, NOW + HOUR, "ana", "", NOW))
    url = (await start()).url
    body = {"matchers": ["brand=x"], "for": "1h"}
    status, answer = await ask(http, "POST", f"{url}/api/silences", json=body)
    assert (status, answer["detail"]) == (409, "there are 1,000 silences that hold or will: end some first")
    await ask(http, "DELETE", f"{url}/api/silences/7")
    assert (await ask(http, "POST", f"{url}/api/silences", json=body))[0] == 201


async def test_one_that_is_over_cannot_be_acknowledged(start: Start, http: aiohttp.ClientSession) -> None:
    status, answer = await ask(http, "POST", f"{(await start()).url}/api/alerts/c1d2/ack", json={})
    assert (status, answer["detail"]) == (409, "the alert is over: there is nothing to acknowledge")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/alerts/nope"), ("POST", "/api/alerts/nope/ack"), ("DELETE", "/api/silences/nope")],
)
async def test_what_is_not_there(start: Start, http: aiohttp.ClientSession, method: str, path: str) -> None:
    status, answer = await ask(http, method, (await start()).url + path, json={})
    assert status == 404
    assert answer["detail"].startswith("there is no ")


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"matchers": ["brand=x"]}, "a silence needs an end"),
        ({"matchers": [], "for": "1h"}, "which alerts?"),
        ({"matchers": ["brnd=x"], "for": "1h"}, "there is no label 'brnd'"),
        ({"matchers": ["brand=x"], "for": "1h", "untill": "x"}, "`untill`"),
        ({"matchers": "brand=x", "for": "1h"}, "openapi.json"),
        ({"matchers": ["brand=x"], "ends_at": "2026-11-23T13:00:00"}, "no time zone"),
        ([], "openapi.json"),
        ({"matchers": ["brand=x"], "for": "99999999999w"}, "is too long a time"),
        ({"matchers": ["brand=x"], "for": "2h", "starts_at": "9999-12-31T23:00:00Z"}, "`starts_at`"),
    ],
)
async def test_what_is_no_silence(
    start: Start, http: aiohttp.ClientSession, behind: Silencing, body: Any, part: str
) -> None:
    status, answer = await ask(http, "POST", f"{(await start()).url}/api/silences", json=body)
    assert status == 400
    assert part in answer["detail"]
    assert not behind.published and not behind.audit.path.exists()


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("path", ["/api/silences", "/api/alerts/a1b2/ack"])
async def test_no_request_that_a_foreign_page_can_send_is_taken(
    start: Start, http: aiohttp.ClientSession, behind: Silencing, media: str, path: str
) -> None:
    """These three types are what a browser sends to another site without asking it first."""
    body = json.dumps({"matchers": ["brand=x"], "for": "1h"})
    url = (await start()).url + path
    assert (await ask(http, "POST", url, data=body, headers={"Content-Type": media}))[0] == 415
    assert not behind.published


async def test_without_the_token_nothing_happens(start: Start, http: aiohttp.ClientSession, behind: Silencing) -> None:
    url = (await start(token="secret")).url
    body = {"matchers": ["brand=x"], "for": "1h"}
    assert (await ask(http, "POST", f"{url}/api/silences", json=body))[0] == 401
    assert not behind.published
    headers = {"Authorization": "Bearer secret"}
    assert (await ask(http, "POST", f"{url}/api/silences", json=body, headers=headers))[0] == 201


async def test_kafka_away_is_a_503_and_nothing_holds(
    start: Start, http: aiohttp.ClientSession, behind: Silencing
) -> None:
    behind.away = True
    url = (await start()).url
    status, answer = await ask(http, "POST", f"{url}/api/silences", json={"matchers": ["brand=x"], "for": "1h"})
    assert status == 503
    assert "ask again" in answer["detail"]
    assert (await ask(http, "GET", f"{url}/api/silences"))[1]["silences"] == []


async def test_without_an_audit_nothing_is_ordered(
    start: Start, http: aiohttp.ClientSession, behind: Silencing
) -> None:
    behind.audit.path.mkdir(parents=True)
    url = (await start()).url
    status, answer = await ask(http, "POST", f"{url}/api/silences", json={"matchers": ["brand=x"], "for": "1h"})
    assert status == 503
    assert "nothing was done" in answer["detail"]
    assert not behind.published
