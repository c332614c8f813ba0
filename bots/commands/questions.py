"""Each question: what it asks the API, and the sheet its answer becomes."""

from __future__ import annotations

import asyncio
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import quote

from bots.commands import silencing
from bots.commands.circles_sheet import circles_sheet
from bots.commands.client import ApiClient, AskFailed
from bots.commands.grammar import FORMS, Command, help_text
from bots.commands.health_sheet import health_sheet
from bots.commands.patience import patiently
from bots.commands.pulse_sheet import pulse_sheet
from bots.commands.service_sheets import sources_sheet, status_sheet
from bots.commands.sheet import Answer, Sheet
from bots.commands.voice_sheet import voice_sheet

Brand = dict[str, Any]
WINDOW = "24h"


async def answer(
    command: Command, client: ApiClient, to: str | None = None, lang: str | None = None, by: str = ""
) -> Answer:
    """Ask the service; `lang` is that of sentences, where there are any; `by`: who asks, for what is written down.

    Raises `AskFailed`, and `NotUnderstood` for what only shows now.
    """
    notes = [f"({command.guessed})"] if command.guessed else []
    match command.name:
        case "health":
            return await _health(command, client, to, notes, lang)
        case "pulse" | "voice" | "circles":
            return await _OF_A_BRAND[command.name](command, client, to, notes)
        case "why" | "ack" | "silence":
            return await silencing.answer(command, client, notes, lang, by)
        case "sources":
            data = await client.get("/api/sources")
            return Answer(data, sources_sheet(data, notes))
        case "status":
            return await _status(client, notes)
        case _:
            forms = [{"usage": form.usage, "help": form.help} for form in FORMS]
            return Answer({"questions": forms}, Sheet("", notes=help_text().splitlines()))


async def _pulse(command: Command, client: ApiClient, to: str | None, notes: list[str]) -> Answer:
    brands = await _brands(client)
    brand = _the_brand(command.subject, brands, notes, usage="pulse BRAND [WINDOW]")
    window = command.window or WINDOW
    data = await client.get(f"/api/brands/{quote(brand['name'])}/pulse", window=window, to=to)
    return Answer(data, pulse_sheet(brand["title"], window, data, notes))


async def _voice(command: Command, client: ApiClient, to: str | None, notes: list[str]) -> Answer:
    brands = await _brands(client)
    window = command.window or WINDOW
    groups = sorted({brand["group"] for brand in brands})
    subject = command.subject
    if subject is None and len(groups) == 1:
        subject = groups[0]
    named = [brand for brand in brands if subject is not None and brand["group"] == subject.casefold()]
    brand = named[0] if named else _the_brand(subject, brands, notes, usage="voice [GROUP|BRAND] [WINDOW]", also=groups)
    data = await client.get(f"/api/brands/{quote(brand['name'])}/voice", window=window, to=to)
    titles = {each["name"]: each["title"] for each in brands}
    return Answer(data, voice_sheet(titles, window, data, notes))


async def _health(command: Command, client: ApiClient, to: str | None, notes: list[str], lang: str | None) -> Answer:
    brand = _the_brand(command.subject, await _brands(client), notes, usage="health BRAND [WINDOW]")
    window = command.window or WINDOW
    path = f"/api/brands/{quote(brand['name'])}/health"
    data = await patiently(lambda: client.get(path, window=window, to=to, say=lang))
    return Answer(data, health_sheet(brand["title"], window, data, notes))


async def _circles(command: Command, client: ApiClient, to: str | None, notes: list[str]) -> Answer:
    brand = _the_brand(command.subject, await _brands(client), notes, usage="circles BRAND [WINDOW]")
    window = command.window or WINDOW
    path = f"/api/brands/{quote(brand['name'])}/circles"
    data = await patiently(lambda: client.get(path, window=window, to=to))
    return Answer(data, circles_sheet(brand["title"], window, data, notes))


_OF_A_BRAND: Final = {"pulse": _pulse, "voice": _voice, "circles": _circles}


async def graph(command: Command, client: ApiClient, form: str, to: str | None = None) -> bytes:
    """The graph behind the circles of a brand as a document. Raises `AskFailed`."""
    brand = _the_brand(command.subject, await _brands(client), [], usage="circles BRAND --export FILE")
    path = f"/api/brands/{quote(brand['name'])}/graph"
    return await patiently(lambda: client.download(path, format=form, to=to))


async def _status(client: ApiClient, notes: list[str]) -> Answer:
    ready, brands, sources, alerts = await asyncio.gather(
        client.get("/readyz", accept=503),
        _brands(client),
        client.get("/api/sources"),
        client.get("/api/alerts"),
    )
    data = {"api": client.url, "ready": ready["ready"], "brands": brands, **sources, **alerts}
    return Answer(data, status_sheet(data, notes), ok=ready["ready"])


async def _brands(client: ApiClient) -> list[Brand]:
    brands: list[Brand] = (await client.get("/api/brands"))["brands"]
    if not brands:
        raise AskFailed("no brand is configured; `tertulia up --brand NAME` watches one")
    return brands


async def brands_meant(client: ApiClient, subject: str | None) -> list[Brand]:
    """The brand that is meant; all of them where none is named. Raises `AskFailed`."""
    brands = await _brands(client)
    return brands if subject is None else [_the_brand(subject, brands, [], usage="BRAND")]


def _the_brand(
    subject: str | None, brands: list[Brand], notes: list[str], *, usage: str, also: list[str] | None = None
) -> Brand:
    """The brand that was meant, by name or title; a small typing error is forgiven and noted."""
    names = ", ".join([brand["name"] for brand in brands])
    if subject is None:
        if len(brands) == 1:
            return brands[0]
        raise AskFailed(f"which one? {usage}, with one of: {', '.join([names, *(also or [])])}")
    called = {word.casefold(): brand for brand in brands for word in (brand["title"], brand["name"])}
    wanted = subject.casefold().removeprefix("#").removeprefix("@")
    if wanted in called:
        return called[wanted]
    near = get_close_matches(wanted, called, n=1, cutoff=0.75)
    if not near:
        perhaps = get_close_matches(wanted, called, n=1, cutoff=0.5)
        hint = f" Did you mean {called[perhaps[0]]['name']!r}?" if perhaps else ""
        raise AskFailed(f"there is no brand {subject[:60]!r}.{hint} Known: {names}.")
    notes.append(f"({subject[:60]} -> {called[near[0]]['name']})")
    return called[near[0]]
