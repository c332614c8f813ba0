"""`POST /ingest/{source}` on a real server: who may send, what is taken, and what is said of the rest."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import pytest

from streams.api import ingest as module
from streams.inbox import Refused
from tests.streams.api.conftest import Serve
from tests.streams.api.sender import (
    HUB,
    OTHER,
    OURS,
    SECONDS,
    SECRET,
    Shop,
    hub_signature,
    open_shop,
    post,
    signature,
    standard,
)
from tests.streams.api.stub import make_config


@pytest.fixture
async def shop(serve: Serve, http: aiohttp.ClientSession) -> Shop:
    """One inlet in the form of a post."""
    return await open_shop(serve, http)


# -- who may send ----------------------------------------------------------------------------------------------------


async def test_a_signed_post_is_taken(shop: Shop) -> None:
    assert await shop.send(post(text="Olá 🌍 — ¿qué tal?")) == (202, {"accepted": 1, "ignored": 0})
    (key, _), (found,) = shop.kept.letters[0], shop.kept.found()
    assert key == b"shop\x00shop:r-1"
    assert found["text"] == "Olá 🌍 — ¿qué tal?"
    assert found["platform"] == "shop"


BODY = json.dumps(post()).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Other": "1"},
        {OURS: ""},
        {OURS: signature(BODY, OTHER)},
        {OURS: signature(BODY + b" ")},
        {OURS: signature(BODY, at=SECONDS - 301)},
        {OURS: signature(BODY, at=SECONDS + 301)},
        {OURS: signature(BODY).replace(f"t={SECONDS}", f"t={SECONDS + 1}")},
        {OURS: signature(BODY).partition(",")[2]},
        {OURS: signature(BODY).partition(",")[0]},
        {OURS: signature(BODY) + f",t={SECONDS}"},
        {OURS: signature(BODY)[:-1]},
        {OURS: signature(BODY).replace("v1=", "v0=")},
        {OURS: "t=١٢٣,v1=" + "0" * 64},
        {OURS: "t=" + "9" * 400 + ",v1=" + "0" * 64},
        {HUB: hub_signature(BODY)},
        {"Authorization": f"Bearer {SECRET}"},
    ],
)
async def test_without_the_right_signature_nothing_is_taken(shop: Shop, headers: dict[str, str]) -> None:
    status, answer = await shop.send(BODY, **headers)
    assert (status, answer) == (401, {"title": "Unauthorized", "status": 401, "detail": "the signature does not hold"})
    assert shop.kept.letters == []


@pytest.mark.parametrize("at", [SECONDS - 299, SECONDS + 299])
async def test_clocks_may_differ_by_five_minutes(shop: Shop, at: int) -> None:
    assert (await shop.send(BODY, **{OURS: signature(BODY, at=at)}))[0] == 202


async def test_one_of_two_signatures_is_enough(shop: Shop) -> None:
    """So sends who is changing the secret."""
    wrong = signature(BODY, OTHER).partition(",")[2]
    assert (await shop.send(BODY, **{OURS: f"t={SECONDS},{wrong},{signature(BODY).partition(',')[2]}"}))[0] == 202


async def test_the_old_secret_is_good_for_as_long_as_it_is_configured(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    shop = await open_shop(serve, http, old_secret=OTHER)
    assert [(await shop.send(BODY, **{OURS: signature(BODY, each)}))[0] for each in (SECRET, OTHER)] == [202, 202]


async def test_a_signature_without_time_is_good_where_it_is_allowed(serve: Serve, http: aiohttp.ClientSession) -> None:
    shop = await open_shop(serve, http, hub_signature=True)
    assert (await shop.send(BODY, **{HUB: hub_signature(BODY)}))[0] == 202
    assert (await shop.send(BODY, **{HUB: hub_signature(BODY, OTHER)}))[0] == 401
    stale = {OURS: signature(BODY, at=SECONDS - 301), HUB: hub_signature(BODY)}
    assert (await shop.send(BODY, **stale))[0] == 401, "a second header does not mend the first"


async def test_standard_webhooks_are_taken(serve: Serve, http: aiohttp.ClientSession) -> None:
    """The secret and key are those that the libraries of Standard Webhooks test themselves with."""
    shop = await open_shop(serve, http, old_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    theirs = bytes.fromhex("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0")
    assert (await shop.send(BODY, **standard(BODY)))[0] == 202
    assert (await shop.send(BODY, **standard(BODY, theirs)))[0] == 202
    several = standard(BODY, theirs)
    several["webhook-signature"] = "v1a,bm9uZQ== v1,bm9uZQ== " + several["webhook-signature"]
    assert (await shop.send(BODY, **several))[0] == 202


@pytest.mark.parametrize(
    "headers",
    [
        standard(BODY, OTHER.encode()),
        standard(BODY, b""),
        standard(BODY + b" "),
        standard(BODY, at=SECONDS - 301),
        standard(BODY, at=SECONDS + 301),
        standard(BODY) | {"webhook-id": "msg_2"},
        standard(BODY) | {"webhook-timestamp": str(SECONDS + 1)},
        standard(BODY) | {"webhook-timestamp": "١٢٣"},
        standard(BODY) | {"webhook-signature": "v1," + "!" * 44},
        standard(BODY) | {"webhook-signature": standard(BODY)["webhook-signature"].replace("v1,", "v1a,")},
        standard(BODY) | {OURS: ""},
        {name: value for name, value in standard(BODY).items() if name != "webhook-id"},
    ],
)
async def test_standard_webhooks_that_do_not_hold_are_not_taken(shop: Shop, headers: dict[str, str]) -> None:
    assert (await shop.send(BODY, **headers))[0] == 401
    assert shop.kept.letters == []


@pytest.mark.parametrize("host", ["shop.example", "127.0.0.1"])
async def test_neither_the_token_nor_the_name_of_loopback_is_needed(
    serve: Serve, http: aiohttp.ClientSession, host: str
) -> None:
    shop = await open_shop(serve, http, token="the API's own token")
    assert (await shop.send(BODY, **{OURS: signature(BODY), "Host": host}))[0] == 202
    async with http.get(shop.server.url + "/api/sources", headers={OURS: signature(b"")}) as response:
        assert response.status == 401, "a signature opens nothing else"


async def test_other_names_and_methods(shop: Shop, http: aiohttp.ClientSession) -> None:
    assert (await shop.send(BODY, to="shoq"))[0] == 404
    assert (await shop.send(BODY, to="shop/more"))[0] == 404
    async with http.get(shop.server.url + "/ingest/shop") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    async with http.post(shop.server.url + "/api/sources") as response:
        assert response.status == 405


async def test_without_an_inlet_there_is_no_such_route(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve(config=make_config())
    async with http.post(server.url + "/ingest/shop", data=BODY, headers={OURS: signature(BODY)}) as response:
        assert response.status == 404
    async with http.get(server.url + "/openapi.json") as response:
        assert "/ingest/{source}" not in (await response.json())["paths"]


async def test_the_route_is_described(shop: Shop, http: aiohttp.ClientSession) -> None:
    async with http.get(shop.server.url + "/openapi.json") as response:
        document = await response.json()
    described = document["paths"]["/ingest/{source}"]["post"]
    assert described["security"] == [{"signature": []}]
    assert document["components"]["securitySchemes"]["signature"]["name"] == OURS
    assert set(described["requestBody"]["content"]) == {"application/json", "application/x-ndjson"}
    problem = described["responses"]["default"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/NotAllIngested"}
    assert described["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/Ingested")


# -- forms of the body -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([post(1), post(2), post(3)], indent=2).encode(),
        b"\n".join(json.dumps(post(n)).encode() for n in (1, 2, 3)) + b"\n",
        b"\xef\xbb\xbf" + b"\r\n\r\n".join(json.dumps(post(n)).encode() for n in (1, 2, 3)),
        json.dumps([post(1), post(2)]).encode() + b"\n" + json.dumps(post(3)).encode(),
    ],
    ids=["list", "lines", "lines with a mark and blanks", "lists in lines"],
)
async def test_many_at_once(shop: Shop, body: bytes) -> None:
    assert await shop.send(body) == (202, {"accepted": 3, "ignored": 0})
    assert [found["id"] for found in shop.kept.found()] == ["shop:r-1", "shop:r-2", "shop:r-3"]


async def test_deletions_and_edits(shop: Shop) -> None:
    body = [post(1, op="update"), {"op": "delete", "id": "shop:r-2", "text": "goes"}]
    assert (await shop.send(body))[0] == 202
    edited, gone = shop.kept.found()
    assert edited["op"] == "update"
    assert gone == {"id": "shop:r-2", "op": "delete", "platform": "shop"}


async def test_an_empty_list_is_fine(shop: Shop) -> None:
    assert await shop.send([]) == (202, {"accepted": 0, "ignored": 0})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b"  \n ", "the body is empty"),
        (b"{", "no JSON"),
        (b'{\n"id": 1,\n', "no JSON"),
        (b'{"id": NaN}', "no JSON"),
        (b'[{"likes": Infinity}]', "no JSON"),
        (b'{"likes": 1e999}', "Number out of range"),
        (b'{"id": "\xff\xfe"}', "not UTF-8"),
        (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deeply"),
        (b'{"likes": ' + b"9" * 5_000 + b"}", "out of range"),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_whole_and_kept_to_be_looked_at(
    shop: Shop, body: bytes, reason: str
) -> None:
    status, answer = await shop.send(body)
    assert (status, answer["accepted"]) == (400, 0)
    assert reason in answer["detail"]
    (found,) = shop.kept.found()
    assert isinstance(found, Refused)
    assert body.startswith(found.record)
    assert len(found.record) == min(len(body), 64 * 1024)


async def test_each_bad_record_is_named_and_the_good_ones_are_kept(shop: Shop) -> None:
    body = [
        post(1),
        7,
        None,
        post(4, id="bluesky:at://other/1"),
        post(5, author={"id": "mastodon:someone"}),
        post(6, platform="reddit"),
        {"op": "delete", "id": "nostr:x"},
        post(8, created_at="2026-11-23T11:00:00"),
        post(9, likes=2**70),
        post(10, text=["no", "text"]),
        post(11, links=["x" * 2_000] * 900),
        post(12, text="y" * 100_001),
        {"id": "shop:13"},
        post(14, reply_to="shop:r-14"),
        post(15, likes=-1),
        post(16),
    ]
    status, answer = await shop.send(body)
    assert (status, answer["accepted"], answer["unacknowledged"]) == (422, 2, [])
    assert answer["detail"] == "records that are no posts: 14; the others are kept"
    reasons = {each["index"]: each["reason"] for each in answer["refused"]}
    assert sorted(reasons) == list(range(1, 15))
    said = {1: "no JSON object", 2: "no JSON object", 3: "`id` must begin with 'shop:'", 4: "`author.id` must begin"}
    said |= {5: "`platform` must be 'shop'", 6: "`id` must begin", 7: "no time zone", 8: "`likes` is no count"}
    said |= {9: "$.text", 10: "bytes", 11: "longer than 100000", 12: "`author.id` is missing", 13: "itself"}
    assert {index: words for index, words in said.items() if words not in reasons[index]} == {}
    assert answer["refused"][2]["id"] == "bluesky:at://other/1"
    found = shop.kept.found()
    assert [each["id"] for each in found if isinstance(each, dict)] == ["shop:r-1", "shop:r-16"]
    refused = [each for each in found if isinstance(each, Refused)]
    assert [each.place for each in refused] == [f"record {index}" for index in range(1, 15)]
    assert json.loads(refused[2].record)["id"] == "bluesky:at://other/1"


async def test_a_bad_line_leaves_the_others(shop: Shop) -> None:
    lines = [json.dumps(post(1)).encode(), b"{oops", b'"\xff"', b"[" * 9_000, json.dumps(post(2)).encode()]
    status, answer = await shop.send(b"\n".join(lines))
    assert (status, answer["accepted"]) == (422, 2)
    assert [each["index"] for each in answer["refused"]] == [1, 2, 3]
    assert {b"{oops", b'"\xff"'} <= {each.record for each in shop.kept.found() if isinstance(each, Refused)}


async def test_half_characters_are_mended_and_the_last_of_two_equal_keys_counts(shop: Shop) -> None:
    body = json.dumps(post(text="half \ud83d and whole 😀")).encode()
    body = body[:-1] + b', "lang": "de", "lang": "es"}'
    assert (await shop.send(body))[0] == 202
    (found,) = shop.kept.found()
    assert (found["text"], found["lang"]) == ("half \ufffd and whole 😀", "es")


# -- limits ----------------------------------------------------------------------------------------------------------


async def test_ten_thousand_records(shop: Shop) -> None:
    assert await shop.send([post(n) for n in range(10_000)]) == (202, {"accepted": 10_000, "ignored": 0})
    assert len({key for key, _ in shop.kept.letters}) == 10_000


@pytest.mark.parametrize("sep", [b",", b"\n"])
async def test_one_more_is_too_many(shop: Shop, sep: bytes) -> None:
    body = sep.join([b"{}"] * 10_001)
    status, answer = await shop.send(b"[" + body + b"]" if sep == b"," else body)
    assert (status, answer["detail"]) == (413, "a request may bring 10000 records")
    assert shop.kept.letters == []


@pytest.mark.parametrize("known", [True, False], ids=["length told", "chunked"])
async def test_a_body_beyond_the_limit(
    shop: Shop, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr(module, "MOST_BODY", 100_000)

    async def parts() -> Any:
        for _ in range(20):
            yield b" " * 10_000

    data = b" " * 200_000 if known else parts()
    headers = {OURS: f"t={SECONDS},v1={'0' * 64}"}
    async with http.post(shop.server.url + "/ingest/shop", data=data, headers=headers) as response:
        assert response.status == 413
    assert shop.ingest._held == 0


async def test_when_too_much_is_held_the_rest_may_come_later(shop: Shop) -> None:
    shop.kept.most = 0  # Kafka is away: what came is held for a moment
    shop.ingest._kafka_s = 60.0
    large = json.dumps([post(n, text="z" * 90_000) for n in range(70)]).encode()
    waiting = [asyncio.ensure_future(shop.send(large)) for _ in range(2)]
    while shop.ingest._held < 2 * len(large):
        await asyncio.sleep(0.01)
    assert (await shop.send(large))[0] == 429
    assert shop.headers["Retry-After"] == "2"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    while shop.ingest._held:  # a sender that goes away gives its room back
        await asyncio.sleep(0.01)
    shop.kept.most = 10**6
    assert (await shop.send(large))[0] == 202


async def test_a_body_that_never_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(shop.server.url.rpartition(":")[2]))
    head = f"POST /ingest/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n{OURS}: {signature(b'')}\r\n\r\n{{"
    writer.write(head.encode())
    assert b" 408 " in await reader.readline()
    writer.close()
    assert shop.ingest._held == 0


async def test_a_compressed_body_is_refused(shop: Shop) -> None:
    packed = zlib.compress(b" " * 50_000_000)
    assert (await shop.send(packed, **{OURS: signature(packed), "Content-Encoding": "deflate"}))[0] == 415


# -- Kafka is away ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuses", [True, False])
async def test_what_kafka_did_not_take_is_named(shop: Shop, refuses: bool) -> None:
    shop.kept.most, shop.kept.refuses = 2, refuses
    body = [post(0), {"id": 5}, post(2), post(3)]
    status, answer = await shop.send(body)
    assert (status, shop.headers["Retry-After"]) == (503, "10")
    assert (answer["accepted"], answer["unacknowledged"]) == (1, [2, 3])
    assert [each["index"] for each in answer["refused"]] == [1]
    shop.kept.most = 100
    assert (await shop.send([post(0), post(2), post(3)]))[0] == 202, "and when it is back the whole may come again"
