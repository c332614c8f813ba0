"""Our routing, inhibition, silences and calendars against Alertmanager's own, on random configurations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from bots.chat.alertmanager import Alertmanager as Outlet
from bots.chat.alertmanager import AlertmanagerOptions
from bots.chat.base import Delivered, Message, Tools
from bots.chat.calendar import within
from bots.chat.document import Document
from bots.chat.routing import Routes, inhibited
from config.matchers import all_match, parse
from config.routing import Inhibition, Routing
from config.times import MONTHS, WEEKDAYS, Times
from streams.alerting.labels import labels
from streams.alerting.silences import Silence, silenced
from streams.alerting.silencing import asked
from streams.records import Alert
from tests.bots.chat.routing_worlds import OUTLETS, alert, for_alertmanager, inhibition, matcher, tree
from tests.real.alertmanager import Alertmanager, inside
from tests.real.running import until

TREES, ALERTS = 25, 20
EDGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # clocks go forward in Europe
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 2, 28, 23, tzinfo=UTC),
    datetime(2028, 2, 29, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
]


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Alertmanager]:
    found = Alertmanager(tmp_path)
    async with found.process:
        yield found


@pytest.fixture
async def outlet(manager: Alertmanager) -> AsyncIterator[Outlet]:
    """By which the alerts get there."""
    async with aiohttp.ClientSession() as http:
        yield Outlet(AlertmanagerOptions(url=manager.url), Tools(http, lambda: datetime.now(UTC)))


async def tell(outlet: Outlet, alerts: list[Alert]) -> None:
    assert await outlet.send(Message("key", Document(""), tuple(alerts))) == Delivered()


@pytest.mark.parametrize("seed", range(12))
def test_routes_are_those_of_amtool(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    manager = Alertmanager(tmp_path)
    routing = Routing.model_validate(tree(random))
    manager.write(for_alertmanager(routing))
    routes = Routes(routing, OUTLETS)
    for number in range(6):
        one = alert(random, number)
        assert [name for found in routes.of(one) for name in found.outlets] == manager.route_test(labels(one)), one


async def test_groups_are_those_of_a_running_one(manager: Alertmanager, outlet: Outlet) -> None:
    """Which receivers get an alert, and in a group with which others."""
    random = Random(7)
    alerts = [alert(random, number) for number in range(ALERTS)]
    await tell(outlet, alerts)
    grouped = 0
    for _ in range(TREES):
        routing = Routing.model_validate(tree(random))
        await manager.configure(for_alertmanager(routing))
        expected = our_groups(routing, alerts)
        grouped += sum(len(group) > 1 for _, group in expected)

        async def agree(expected: set[tuple[str, frozenset[str]]] = expected) -> bool:
            return their_groups(await manager.ask("GET", "/api/v2/alerts/groups")) == expected

        await until(agree, f"the same groups for {routing.model_dump_json(exclude_defaults=True)}")
    assert grouped > TREES, "the worlds say something about grouping"


def our_groups(routing: Routing, alerts: list[Alert]) -> set[tuple[str, frozenset[str]]]:
    """Outlet and the fingerprints of each group."""
    routes, found = Routes(routing, OUTLETS), dict[tuple[str, str, str], set[str]]()
    for one in alerts:
        for chosen in routes.of(one):
            (name,) = chosen.outlets
            # `id` is a label for Alertmanager, so that by all labels no alert is grouped with another.
            apart = one.fingerprint if is_by_all(routing, chosen.path) else ""
            found.setdefault((name, chosen.key, apart), set()).add(one.fingerprint)
    return {(name, frozenset(group)) for (name, _, _), group in found.items()}


def is_by_all(routing: Routing, path: str) -> bool:
    """Whether the route of this path groups by all labels."""
    return next("..." in node.group_by for node in Routes(routing, OUTLETS).root.walk() if node.path == path)


def their_groups(answer: list[dict[str, Any]]) -> set[tuple[str, frozenset[str]]]:
    """The same from Alertmanager's API."""
    return {
        (group["receiver"]["name"], frozenset(each["labels"]["id"] for each in group["alerts"])) for group in answer
    }


async def test_inhibition_is_that_of_a_running_one(manager: Alertmanager, outlet: Outlet) -> None:
    random = Random(11)
    alerts = [alert(random, number) for number in range(ALERTS)]
    quiet = 0
    for _ in range(TREES):
        some = (Inhibition.model_validate(inhibition(random)) for _ in range(30))
        plain = [rule for rule in some if is_plain(rule, alerts)][:4]
        routing = Routing(outlets=(OUTLETS[0],), inhibit=tuple(plain))
        await manager.configure(for_alertmanager(routing))
        await tell(outlet, alerts)  # it learns which alerts inhibit as they come
        expected = {one.fingerprint: inhibited(one, alerts, routing) is not None for one in alerts}
        quiet += sum(expected.values())

        async def agree(expected: dict[str, bool] = expected) -> bool:
            found = await manager.alerts()
            return {each["labels"]["id"]: bool(each["status"]["inhibitedBy"]) for each in found} == expected

        await until(agree, f"the same inhibited for {routing.model_dump_json(exclude_defaults=True)}")
    assert TREES < quiet < TREES * ALERTS / 2


def is_plain(rule: Inhibition, alerts: list[Alert]) -> bool:
    """Whether Alertmanager's documentation and its code agree on the rule.

    Of several sources that agree in `equal` the code (since 0.29) knows one only; if that one is a target as well, a
    target that is a source is not inhibited by the others, as the documentation would have it. We do as documented.
    """
    found = [labels(one) for one in alerts]
    sources = [each for each in found if all_match(map(parse, rule.source_matchers), each)]
    both = [each for each in sources if all_match(map(parse, rule.target_matchers), each)]
    alike = {tuple(each.get(name, "") for name in rule.equal) for each in sources}
    return not both or len(alike) == len(sources)


async def test_silences_are_those_of_a_running_one(manager: Alertmanager, outlet: Outlet) -> None:
    random = Random(13)
    alerts = [alert(random, number) for number in range(ALERTS)]
    await tell(outlet, alerts)
    now = datetime.now(UTC)
    ours: list[Silence] = []
    for number in range(15):
        texts = tuple(matcher(random) for _ in range(random.choice((1, 2))))
        one = Silence(f"{number}", texts, now, now + timedelta(hours=1), "ana", "", now)
        if await takes(manager, one):
            ours.append(one)
    assert len(ours) > 5
    for each in alerts:
        expected = [silence for silence in ours if silenced(each, [silence], now)]
        assert await silencing(manager, each) == len(expected), each


async def takes(manager: Alertmanager, silence: Silence) -> bool:
    """Whether Alertmanager takes such a silence: one that chooses nothing it refuses, as we do."""
    found = [parse(text) for text in silence.matchers]
    body = {
        "matchers": [
            {"name": m.label, "value": m.value, "isRegex": "~" in m.operator, "isEqual": m.operator in {"=", "=~"}}
            for m in found
        ],
        "startsAt": f"{silence.starts_at - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        "endsAt": f"{silence.ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "createdBy": "ana",
        "comment": "none",
    }
    async with aiohttp.ClientSession() as http, http.post(f"{manager.url}/api/v2/silences", json=body) as answer:
        taken = answer.status == 200
    try:
        asked(silence.matchers, silence.starts_at, length="1h")
    except ValueError:
        assert not taken, silence.matchers
    else:
        assert taken, silence.matchers
    return taken


async def silencing(manager: Alertmanager, one: Alert) -> int:
    """How many of its silences Alertmanager applies to an alert."""
    found = next(each for each in await manager.alerts() if each["labels"]["id"] == one.fingerprint)
    return len(found["status"]["silencedBy"])


def test_times_are_those_of_its_own_calendar() -> None:
    """Intervals that Alertmanager can say too: what passes midnight or the year's end, only we take."""
    random = Random(17)
    questions = []
    ours = []
    for _ in range(300):
        theirs, mine = interval(random)
        try:
            times: Times | None = Times.model_validate({"name": "x", **mine})
        except ValidationError:
            times = None
        moments = [moment(random) for _ in range(40)]
        questions.append((theirs, moments))
        ours.append(None if times is None else [within(times, each) for each in moments])
    found = inside(questions)
    for (theirs, moments), we, they in zip(questions, ours, found, strict=True):
        assert we == they, (theirs, moments)
    answers = [each for they in found if they for each in they]
    assert 0.05 < sum(answers) / len(answers) < 0.95, "the intervals say something"
    assert None in found, "some have days in the wrong order"


def interval(random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """One interval, as Alertmanager writes it and as we do."""
    theirs: dict[str, Any] = {}
    mine: dict[str, Any] = {}
    if random.random() < 0.6:
        minutes = sorted(random.sample(range(24 * 60 + 1), 2))
        start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)
        theirs["times"], mine["hours"] = [{"start_time": start, "end_time": end}], [f"{start}-{end}"]
    if random.random() < 0.4:
        week = (WEEKDAYS[6], *WEEKDAYS[:6])  # theirs begins on Sunday, and no range may go over its end
        first, last = sorted(random.choices(range(7), k=2))
        theirs["weekdays"] = mine["weekdays"] = [f"{week[first]}:{week[last]}", random.choice(WEEKDAYS)]
    if random.random() < 0.5:
        first, last = (random.choice([*range(-31, 0), *range(1, 32)]) for _ in range(2))
        theirs["days_of_month"] = mine["days_of_month"] = [f"{first}:{last}"]
    if random.random() < 0.4:
        first, last = sorted(random.choices(range(12), k=2))
        theirs["months"] = mine["months"] = [f"{MONTHS[first]}:{last + 1}"]
    if random.random() < 0.2:
        theirs["years"] = mine["years"] = ["2026:2027"]
    if random.random() < 0.6:
        zone = random.choice(("Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"))
        theirs["location"] = mine["zone"] = zone
    return theirs, mine


def moment(random: Random) -> datetime:
    """Any minute of five years, often near the days when clocks change or a month ends."""
    if random.random() < 0.3:
        return random.choice(EDGES) + timedelta(minutes=random.randrange(-90, 90))
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(5 * 365 * 24 * 60))
