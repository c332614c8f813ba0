"""`POST /ingest/{source}`: posts of a company's own site, reviews or support desk, signed by whoever brings them.

A request is answered only when Kafka has acknowledged what is kept of it. Nothing of a request is read before its
signature may be right, and nothing of it is believed before the signature is right.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from aiohttp import web

from config.inlets import Inlet
from streams.api.answers import Ingested, NotAllIngested, RefusedRecord
from streams.api.ingest_body import Item, TooMany, Unreadable, items_of
from streams.api.ingest_form import Form
from streams.api.ingest_signature import Claim, claim_of
from streams.api.problems import MEDIA_TYPE, Problem
from streams.inbox import MOST_REFUSED, Letter, Refused, Send, letter_of, put
from streams.records import BadPost

log = logging.getLogger(__name__)

MOST_BODY = 8 * 1024 * 1024
MOST_HELD = 2 * MOST_BODY  # bytes of all bodies that are read or wait for Kafka
MOST_REASON = 300
READ_S = 30.0  # for the body
KAFKA_S = 10.0  # for the acknowledgements
SMALL = 64 * 1024  # bytes: a body that is quicker read than handed to a thread


class Reading(NamedTuple):
    """A request as read: a letter for each record that is kept, by its index; those that are refused have one too."""

    letters: list[Letter]
    indexes: list[int]
    refused: list[RefusedRecord]
    ignored: int


class Ingest:
    """The handler, for all inlets. `send` queues a key and value for the topic of the inbox."""

    def __init__(
        self, inlets: Mapping[str, Inlet], send: Send, now: Callable[[], datetime], *, kafka_s: float = KAFKA_S
    ) -> None:
        self._inlets, self._send, self._now, self._kafka_s = inlets, send, now, kafka_s
        self._forms = {name: Form(inlet) for name, inlet in inlets.items()}
        self._held = 0
        self._turn = asyncio.Lock()  # one large body is taken apart at a time

    async def post(self, request: web.Request) -> web.Response:
        """202, or a problem that says which records were not kept."""
        inlet = self._inlets.get(request.match_info["source"])
        if inlet is None:
            raise web.HTTPNotFound
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Problem(415, "the body must not be compressed", parameter="Content-Encoding")
        claim = claim_of(request.headers, self._now().timestamp(), hub=inlet.hub_signature)
        if claim is None:
            raise _unsigned()
        held = _Held(self)
        try:
            return await self._take(inlet, claim, await held.body(request))
        finally:
            held.release()

    async def _take(self, inlet: Inlet, claim: Claim, body: bytes) -> web.Response:
        if not claim.holds(body, inlet.keys):
            raise _unsigned()
        reading, unreadable = await self._read(inlet, body)
        taken = await put(reading.letters, self._send, self._kafka_s)
        away = [index for index, kept in zip(reading.indexes, taken, strict=True) if not kept]
        if away:
            log.warning("Kafka did not acknowledge %d of %d records sent to %s", len(away), len(taken), inlet.name)
        return _answer(reading, away, unreadable)

    async def _read(self, inlet: Inlet, body: bytes) -> tuple[Reading, str]:
        """The records, and why the body as a whole cannot be read: then the body is the one record, and refused."""
        try:
            if len(body) <= SMALL:
                return self._records(inlet, body), ""
            async with self._turn:
                return await asyncio.to_thread(self._records, inlet, body), ""
        except TooMany as error:
            raise Problem(413, str(error)) from None
        except Unreadable as error:
            letter = letter_of(inlet.name, Refused(str(error), body[:MOST_REFUSED], "the whole body"))
            return Reading([letter], [0], [RefusedRecord(0, str(error))], 0), str(error)

    def _records(self, inlet: Inlet, body: bytes) -> Reading:
        form, arrived = self._forms[inlet.name], self._now()
        reading = Reading([], [], [], 0)
        ignored = 0
        for index, item in enumerate(items_of(body, form.records)):
            try:
                post = form.post(item, arrived)
            except BadPost as error:
                reason = _sound(str(error))
                reading.refused.append(RefusedRecord(index, reason, _id_of(item)))
                letter = letter_of(inlet.name, Refused(reason, _bytes(item), f"record {index}"))
            else:
                if post is None:
                    ignored += 1
                    continue
                letter = letter_of(inlet.name, post)
            reading.letters.append(letter)
            reading.indexes.append(index)
        return reading._replace(ignored=ignored)


class _Held:
    """The bytes of one request, counted among those of all."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest, self._size = ingest, 0

    async def body(self, request: web.Request) -> bytes:
        """The whole body. Raises `Problem`: 413, 429, or 408 when it does not come."""
        self._check(request.content_length or 0)
        chunks = []
        try:
            async with asyncio.timeout(READ_S):
                async for chunk in request.content.iter_any():
                    self._size += len(chunk)
                    self._ingest._held += len(chunk)
                    self._check(0)
                    chunks.append(chunk)
        except TimeoutError:
            raise Problem(408, f"the body did not come within {READ_S:.0f} s") from None
        return b"".join(chunks)

    def _check(self, coming: int) -> None:
        if self._size + coming > MOST_BODY:
            raise Problem(413, f"a body may have {MOST_BODY} bytes; send fewer records at once")
        if self._ingest._held + coming > MOST_HELD:
            raise Problem(429, "more comes in than can be taken", headers={"Retry-After": "2"})

    def release(self) -> None:
        """The request is answered, or gone."""
        self._ingest._held -= self._size


def _unsigned() -> Problem:
    return Problem(401, "the signature does not hold", headers={"WWW-Authenticate": 'Signature realm="tertulia"'})


def _answer(reading: Reading, away: list[int], unreadable: str) -> web.Response:
    gone = {*away, *(record.index for record in reading.refused)}
    accepted = sum(index not in gone for index in reading.indexes)
    headers = {"Cache-Control": "no-store"}
    if not gone:
        body = msgspec.json.encode(Ingested(accepted, reading.ignored))
        return web.Response(status=HTTPStatus.ACCEPTED, body=body, headers=headers, content_type="application/json")
    status, detail = _complaint(reading, away, unreadable)
    problem = NotAllIngested(
        title=status.phrase,
        status=status,
        detail=detail,
        accepted=accepted,
        ignored=reading.ignored,
        refused=reading.refused,
        unacknowledged=away,
    )
    headers |= {"Retry-After": "10"} if away else {}
    return web.Response(status=status, body=msgspec.json.encode(problem), headers=headers, content_type=MEDIA_TYPE)


def _complaint(reading: Reading, away: list[int], unreadable: str) -> tuple[HTTPStatus, str]:
    if away:
        detail = "Kafka did not acknowledge all in time; send the request again, what is kept already is not doubled"
        return HTTPStatus.SERVICE_UNAVAILABLE, detail
    if unreadable:
        return HTTPStatus.BAD_REQUEST, f"the body cannot be read: {unreadable}"
    count = len(reading.refused)
    return HTTPStatus.UNPROCESSABLE_ENTITY, f"records that are no posts: {count}; the others are kept"


def _id_of(item: Item) -> str | None:
    found = item.record.get("id") if isinstance(item.record, dict) else None
    return found[:200] if isinstance(found, str) else None


def _bytes(item: Item) -> bytes:
    """What is kept of a refused record."""
    if isinstance(item.record, bytes):
        return item.record[:MOST_REFUSED]
    return msgspec.json.encode(item.body if item.record is None else item.record)[:MOST_REFUSED]


def _sound(text: str) -> str:
    return text[:MOST_REASON].encode(errors="replace").decode()
