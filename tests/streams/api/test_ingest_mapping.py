"""An inlet that says where things stand in its sender's own JSON."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from streams.inbox import Refused
from tests.streams.api.conftest import Serve
from tests.streams.api.sender import Shop, open_shop

MAPPING = {
    "id": "review.id",
    "text": ["review.title", "review.body"],
    "author": {"id": "customer.id", "name": "customer.name", "bot": "customer.robot", "followers": "customer.fans"},
    "created_at": "review.time",
    "venue": "=Web shop",
    "url": "$.site",
    "reply_to": "review.parent",
    "hashtags": "tags",
    "links": "review.links.0.href",
    "likes": "review.votes",
    "lang": "review.lang",
}
OPTIONS: dict[str, Any] = {
    "records": "data.items",
    "mapping": MAPPING,
    "only_when": "$.event = created, updated, removed",
    "delete_when": "$.event = removed",
}


def body(event: str = "created", /, **review: Any) -> dict[str, Any]:
    """As the shop's software sends it."""
    given = {"id": 17, "title": "¡Genial!", "body": "Dura mucho 🔋", "time": 1_795_431_600} | review
    customer = {"id": 4711, "name": "Núria", "robot": False, "fans": "12"}
    return {
        "event": event,
        "site": "https://shop.example/r/17",
        "data": {"items": [{"review": given, "customer": customer, "tags": ["#fairphone", None, "batería"]}]},
    }


@pytest.fixture
async def shop(serve: Serve, http: aiohttp.ClientSession) -> Shop:
    """With all there is."""
    return await open_shop(serve, http, **OPTIONS)


async def test_every_field_is_found_where_the_mapping_leads(shop: Shop) -> None:
    sent = body(parent="16", votes="3", links=[{"href": "https://a.example"}], lang="")
    assert await shop.send(sent) == (202, {"accepted": 1, "ignored": 0})
    assert shop.kept.found() == [
        {
            "id": "shop:17",
            "platform": "shop",
            "author": {"id": "shop:4711", "name": "Núria", "followers": 12},
            "text": "¡Genial!\n\nDura mucho 🔋",
            "created_at": "2026-11-23T11:00:00Z",
            "url": "https://shop.example/r/17",
            "links": ["https://a.example"],
            "hashtags": ["fairphone", "batería"],
            "reply_to": "shop:16",
            "venue": "Web shop",
            "likes": 3,
        }
    ]


@pytest.mark.parametrize(
    "time",
    [
        1_795_431_600,
        1_795_431_600.0,
        1_795_431_600_000,
        "1795431600",
        "1795431600000",
        "1795431600.000",
        "2026-11-23T11:00:00Z",
        "2026-11-23T12:00:00+01:00",
        "2026-11-23 06:00:00.000-05:00",
        "20261123T110000Z",
    ],
)
async def test_times(shop: Shop, time: Any) -> None:
    assert (await shop.send(body(time=time)))[0] == 202
    assert shop.kept.found()[0]["created_at"] == "2026-11-23T11:00:00Z"


@pytest.mark.parametrize(
    ("review", "reason"),
    [
        ({"time": None}, "`created_at` is missing"),
        ({"time": "2026-11-23T11:00:00"}, "`created_at` has no time zone"),
        ({"time": "yesterday"}, "`created_at` is neither ISO 8601 nor Unix time: 'yesterday'"),
        ({"time": 10**30}, "`created_at` is neither"),
        ({"time": 1e300}, "`created_at` is neither"),
        ({"time": -5}, "`created_at` is before 1990"),
        ({"time": True}, "`created_at` is no time but true or false"),
        ({"time": {"at": 1}}, "`created_at` is no time but an object"),
        ({"id": None}, "`id`: nothing stands where the mapping leads"),
        ({"id": "  "}, "`id`: nothing stands"),
        ({"id": 1.5}, "`id` is no text but a number"),
        ({"id": False}, "`id` is no text but true or false"),
        ({"id": 10**2_000}, "`id` is longer than 1024"),
        ({"id": "a\x00b"}, "NUL"),
        ({"title": None, "body": ""}, "`text` is empty"),
        ({"body": 5}, "`text` is no text but a number"),
        ({"votes": "many"}, "`likes` is no whole number"),
        ({"votes": 10**20}, "`likes` is no count"),
        ({"parent": 17}, "answers, reposts or quotes itself"),
        ({"links": "not a list"}, ""),
    ],
)
async def test_what_is_wrong_is_said_with_its_field(shop: Shop, review: dict[str, Any], reason: str) -> None:
    status, answer = await shop.send(body(**review))
    if not reason:
        assert status == 202, "a path that leads nowhere is a field that is absent"
        return
    assert status == 422
    assert reason in answer["refused"][0]["reason"]


async def test_no_two_ids_become_one(shop: Shop) -> None:
    await shop.send(body(id="1"))
    await shop.send(body(id="shop:1"))
    assert [found["id"] for found in shop.kept.found()] == ["shop:1", "shop:shop:1"]


async def test_a_deletion_needs_the_id_alone(shop: Shop) -> None:
    sent = body("removed", title=None, body=None, time=None)
    assert (await shop.send(sent))[0] == 202
    assert shop.kept.found() == [{"id": "shop:17", "op": "delete", "platform": "shop"}]


@pytest.mark.parametrize("sent", [body("ping"), {"event": "ping"}, {"data": {"items": [{}]}}, []])
async def test_what_the_inlet_does_not_want_is_no_mistake(shop: Shop, sent: Any) -> None:
    status, answer = await shop.send(sent)
    assert (status, answer["accepted"]) == (202, 0)
    assert shop.kept.letters == []


@pytest.mark.parametrize("sent", [{"event": "created"}, {"event": "created", "data": {"items": {}}}])
async def test_a_body_without_its_records(shop: Shop, sent: Any) -> None:
    status, answer = await shop.send(sent)
    assert (status, answer["refused"][0]["index"]) == (422, 0)


async def test_records_may_be_one_and_lines_may_be_many(shop: Shop) -> None:
    import json

    one = body() | {"data": {"items": body()["data"]["items"][0]}}
    assert (await shop.send(one))[1]["accepted"] == 1
    lines = b"\n".join(json.dumps(body(id=n)).encode() for n in range(3))
    assert (await shop.send(lines))[1]["accepted"] == 3


async def test_a_condition_on_the_record_itself(serve: Serve, http: aiohttp.ClientSession) -> None:
    mapping = {"id": "id", "text": "text", "author": {"id": "=anonymous"}, "created_at": "at"}
    shop = await open_shop(serve, http, mapping=mapping, delete_when="deleted", platform="reviews")
    given = {"text": "x", "at": 1_795_431_600}
    flags: list[Any] = [True, False, None, 0, "", "yes", {"at": 5}]
    assert (await shop.send([{"id": n, "deleted": flag} | given for n, flag in enumerate(flags)]))[0] == 202
    found = shop.kept.found()
    assert [each.get("op", "create") == "delete" for each in found] == [bool(flag) for flag in flags]
    assert found[1]["author"]["id"] == "reviews:anonymous"


async def test_the_refused_record_is_kept_as_it_came(shop: Shop) -> None:
    sent = body(id=None)
    await shop.send(sent)
    (found,) = shop.kept.found()
    assert isinstance(found, Refused)
    assert "Núria".encode() in found.record
