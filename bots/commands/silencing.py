"""`why`, `ack` and `silence`: what they ask and order of the API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import quote

from bots.commands.alert_sheet import alert_sheet, silence_sheet, silences_sheet
from bots.commands.client import ApiClient, AskFailed
from bots.commands.grammar import Command
from bots.commands.sheet import Answer
from bots.commands.silence_words import Wish, understand, with_reason
from bots.commands.which_alert import fits, the_alert, titles
from config.matchers import Matcher, parse

Row = Mapping[str, Any]
SEVERITIES: Final = ("info", "warning", "critical")


async def answer(command: Command, client: ApiClient, notes: list[str], lang: str | None, by: str) -> Answer:
    """Carry it out; `by`: who asks. Raises `AskFailed`, `NotUnderstood`."""
    match command.name:
        case "why":
            return await why(command.subject, client, notes, lang)
        case "ack":
            return await acknowledge(command.subject, client, notes, lang, by)
        case _:
            return await silence(command.subject, client, notes, lang, by)


async def why(subject: str | None, client: ApiClient, notes: list[str], lang: str | None) -> Answer:
    """One alert in words. Raises `AskFailed`."""
    alerts, brands = await _known(client)
    found = the_alert(subject, alerts, brands, notes)
    data = await client.get(f"/api/alerts/{quote(found['fingerprint'])}", say=lang)
    return Answer(data, alert_sheet(data, notes, lang))


async def acknowledge(subject: str | None, client: ApiClient, notes: list[str], lang: str | None, by: str) -> Answer:
    """The alert's episode is told no more. Raises `AskFailed`."""
    which, comment = with_reason(subject)
    alerts, brands = await _known(client)
    firing = [alert for alert in alerts if alert["state"] == "firing"]
    if alerts and not firing:
        raise AskFailed("no alert fires now: there is nothing to acknowledge")
    found = the_alert(which, firing, brands, notes)
    path = f"/api/alerts/{quote(found['fingerprint'])}/ack"
    data = await client.post(path, {"by": by, "comment": comment})
    return Answer(data, silence_sheet(data, notes, lang, alert=found["title"]))


async def silence(subject: str | None, client: ApiClient, notes: list[str], lang: str | None, by: str) -> Answer:
    """A new silence, the list of them, or the end of one. Raises `AskFailed`, `NotUnderstood`."""
    wish = understand(subject)
    if wish.listing:
        data = await client.get("/api/silences")
        return Answer(data, silences_sheet(data, notes, lang))
    if wish.end:
        data = await client.delete(f"/api/silences/{quote(await _silence_id(wish.end, client), safe='')}", by=by)
        return Answer(data, silence_sheet(data, notes, lang))
    alerts, brands = await _known(client)
    order = {"matchers": matchers(wish.what, alerts, brands, notes), "comment": wish.comment, "by": by, **_end(wish)}
    data = await client.post("/api/silences", order, accept=201)
    return Answer(data, silence_sheet(data, notes, lang))


def _end(wish: Wish) -> dict[str, str]:
    return {"for": wish.length} if wish.until is None else {"ends_at": wish.until.isoformat()}


def matchers(what: Sequence[str], alerts: Sequence[Row], brands: Sequence[Row], notes: list[str]) -> list[str]:
    """Matchers as they are, and for a word those of the brand, rule, severity or alert of that name.

    Raises `AskFailed` for a word that is none of them.
    """
    named = [word for word in what if not _is_matcher(word)]
    whole = " ".join(named).casefold()
    if len(named) > 1 and any(whole in titles(brand["name"], brands) for brand in brands):
        named = [whole]
    found = [word for word in what if _is_matcher(word)]
    meant = [text for word in named for text in _of_a_word(word, alerts, brands, notes)]
    _check_together(meant)
    return found + meant


def _check_together(meant: Sequence[str]) -> None:
    """Raises `AskFailed` for words that no alert fits all of: two brands would silence nothing."""
    values: dict[str, set[str]] = {}
    for matcher in map(parse, meant):
        values.setdefault(matcher.label, set()).add(matcher.value)
    for label, several in values.items():
        if len(several) > 1:
            either = Matcher(label, "=~", "|".join(map(re.escape, sorted(several))))
            raise AskFailed(f"no alert is of {', '.join(sorted(several))} at once; for any of them write {either}")


def _is_matcher(word: str) -> bool:
    return "=" in word or "~" in word


def _of_a_word(word: str, alerts: Sequence[Row], brands: Sequence[Row], notes: list[str]) -> list[str]:
    wanted = word.casefold()
    for brand in brands:
        if wanted in titles(brand["name"], brands):
            return [_equals("brand", brand["name"])]
    if wanted in SEVERITIES:
        return [_equals("severity", wanted)]
    for label, field in (("alertname", "rule"), ("source", "source")):
        if any((alert.get(field) or "").casefold() == wanted for alert in alerts):
            return [_equals(label, wanted)]
    meant = [alert for alert in alerts if fits(word, alert, ())]
    if len(meant) == 1:
        alert = meant[0]
        values = {"alertname": alert["rule"], "brand": alert["brand"], "source": alert.get("source") or ""}
        return [_equals(label, value) for label, value in values.items() if value]
    return [_equals("brand", _near_brand(word, brands, notes))]


def _near_brand(word: str, brands: Sequence[Row], notes: list[str]) -> str:
    called = {title: str(brand["name"]) for brand in brands for title in titles(brand["name"], brands)}
    near = get_close_matches(word.casefold(), called, n=1, cutoff=0.75)
    if not near:
        known = ", ".join(sorted(set(called.values())))
        raise AskFailed(
            f"{word[:60]!r} is no brand ({known}), and no rule or id of an alert. "
            'Or write a matcher, such as severity="warning"'
        )
    notes.append(f"({word[:60]} -> {called[near[0]]})")
    return called[near[0]]


def _equals(label: str, value: str) -> str:
    return str(Matcher(label, "=", value))


async def _silence_id(beginning: str, client: ApiClient) -> str:
    """The whole id of the one silence that begins so. Raises `AskFailed`."""
    known = [each["id"] for each in (await client.get("/api/silences"))["silences"]]
    found = [name for name in known if name.startswith(beginning)]
    if len(found) != 1:
        raise AskFailed(f"there is no one silence {beginning[:40]!r}; there are: {', '.join(known) or 'none'}")
    return str(found[0])


async def _known(client: ApiClient) -> tuple[list[Row], list[Row]]:
    alerts, brands = await asyncio.gather(client.get("/api/alerts"), client.get("/api/brands"))
    return alerts["alerts"], brands["brands"]
