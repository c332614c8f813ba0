"""`change` and the kinds that compare: against worlds of many days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest
from scipy import stats

from streams.records import Entry
from streams.views.frame import Window
from streams.views.sentiment import sentiment
from tests.streams.alerting.asking import Asking, rule
from tests.streams.alerting.test_past import independent
from tests.streams.alerting.world import NOW, MemoryDesk, entry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def talk(
    start: datetime, end: datetime, negative: float, seed: int = 1, posts: int = 10, text: str = "about acme"
) -> Iterator[Entry]:
    """So many posts an hour by a hundred people, a share of them negative, the others neutral."""
    random = Random(seed)
    for number in range((end - start) // HOUR * posts):
        at = start + number * HOUR / posts
        sign = "negative" if random.random() < negative else "neutral"
        yield entry(f"{seed}-{number}", at, by=f"p{random.randrange(100)}", sentiment=sign, text=text)


QUIET = list(talk(NOW - 16 * DAY, NOW - 6 * HOUR, 0.3))


async def test_an_ordinary_window_does_not_fire_and_an_extraordinary_one_does() -> None:
    wanted = rule("sentiment-turn")
    ordinary = await Asking(wanted, MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.3, 2)])).one()
    assert ordinary is not None and not ordinary.fires
    turned = await Asking(wanted, MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.9, 2)])).one()
    assert turned is not None and turned.fires and turned.by_chance
    assert turned.details["direction"] == "down"
    assert turned.value < -0.8
    assert turned.baseline == pytest.approx(-0.3, abs=0.03)
    assert turned.interval is not None and turned.interval[0] < -0.3 < turned.interval[1]
    assert turned.p_value is not None and turned.p_value < 1e-6


async def test_the_comparison_is_that_of_the_windows_by_hand() -> None:
    """56 windows of six hours that end at 6, 12, 18 and 24 o'clock; mean, variances and t from numpy and scipy."""
    desk = MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.6, 2)])
    asking = Asking(rule("sentiment-turn"), desk)
    verdict = await asking.one()
    asked, frame = asking.question(NOW, (), NOW).sight.asked, desk.frame("acme")
    spans = [Window(NOW - 6 * HOUR * (n + 2), NOW - 6 * HOUR * (n + 1)) for n in range(56)]
    answers = [sentiment(frame.rows(span), asked) for span in spans]
    values = np.array([answer.net for answer in answers], dtype=float)
    errors = np.array([(a.interval[1] - a.interval[0]) / 2 / 1.959964 for a in answers if a.interval])
    now = sentiment(frame.rows(Window(NOW - 6 * HOUR, NOW)), asked)
    assert verdict is not None and now.net is not None and now.interval is not None
    people = np.array([answer.authors for answer in answers])
    own = max(((now.interval[1] - now.net) / 1.959964) ** 2, (errors**2 * people).mean() / now.authors)
    spread, sampling, worth = values.var(ddof=1), (errors**2).mean(), independent(values)
    total = max(0.0, spread - sampling) + own + max(spread, sampling) / worth
    assert verdict.value == now.net
    assert verdict.baseline == pytest.approx(values.mean())
    t = (now.net - values.mean()) / np.sqrt(total)
    assert verdict.p_value == pytest.approx(2 * stats.t.cdf(t, worth - 1), rel=1e-4)


async def test_one_loud_person_is_no_turn() -> None:
    """Sixty angry posts within an hour by one author: the interval of now is that of few people."""
    loud = [entry(f"loud-{n}", NOW - HOUR * (n + 1) / 61, by="loud", sentiment="negative") for n in range(60)]
    many = [entry(f"many-{n}", NOW - HOUR * (n + 1) / 61, by=f"m{n}", sentiment="negative") for n in range(60)]
    flow = [*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.3, 2)]
    alone = await Asking(rule("sentiment-turn"), MemoryDesk([*flow, *loud])).one()
    together = await Asking(rule("sentiment-turn"), MemoryDesk([*flow, *many])).one()
    assert alone is not None and together is not None
    assert alone.value == pytest.approx(together.value)
    assert alone.p_value is not None and together.p_value is not None
    assert alone.p_value > 30 * together.p_value


async def test_direction_and_least_difference() -> None:
    desk = MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.9, 2)])
    up = await Asking(rule("sentiment-turn", direction="up"), desk).one()
    assert up is not None and not up.fires and up.p_value is not None and up.p_value > 0.99
    small = await Asking(rule("sentiment-turn", at_least=0.9), desk).one()
    assert small is not None and not small.fires


async def test_too_short_a_past_is_not_judged() -> None:
    asking = Asking(rule("sentiment-turn"), MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.9, 2)]))
    assert await asking.one(since=NOW - 6 * HOUR - 7 * 6 * HOUR) is None
    assert await asking.one(since=NOW - 6 * HOUR - 8 * 6 * HOUR) is not None


async def test_an_alert_s_own_time_is_not_its_past() -> None:
    """Two days of anger do not become ordinary while the alert goes on."""
    angry = MemoryDesk([*talk(NOW - 16 * DAY, NOW - 2 * DAY, 0.3), *talk(NOW - 2 * DAY, NOW, 0.7, 2)])
    asking = Asking(rule("sentiment-turn"), angry)
    began = asking.firing(NOW - 2 * DAY + 3 * HOUR)
    knows, forgets = await asking.one(standing=[began]), await asking.one()
    assert knows is not None and forgets is not None
    assert knows.baseline == pytest.approx(-0.3, abs=0.02)
    assert forgets.baseline < -0.34
    assert knows.stays


async def test_change_compares_each_hour_with_the_same_hour_of_other_days() -> None:
    """Ten posts an hour by night, a hundred from 11 to 12: at noon that is as ever, at midnight it is not."""
    days = [NOW - n * DAY for n in range(1, 29)]
    base = [each for day in [NOW, *days] for each in talk(day - DAY, day, 0.3, day.toordinal())]
    noons = [each for day in days for each in talk(day - HOUR, day, 0.3, -day.toordinal(), 100)]
    lunch = list(talk(NOW - HOUR, NOW, 0.3, 5, 100))
    wanted = rule("change", number="posts")
    as_ever = await Asking(wanted, MemoryDesk([*base, *noons, *lunch])).one()
    assert as_ever is not None and not as_ever.fires
    assert as_ever.baseline == pytest.approx(110)
    flat = await Asking(wanted, MemoryDesk([*base, *lunch])).one()
    assert flat is not None and flat.fires
    assert flat.baseline == pytest.approx(10)


async def test_what_was_made_of_the_same_rows_is_not_made_again_and_late_posts_are_seen() -> None:
    asking = Asking(rule("sentiment-turn"), desk := MemoryDesk([*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.3, 2)]))
    first = await asking.one()
    again = await asking.one()
    assert first is not None and again is not None and first.baseline == again.baseline
    late = [entry(f"late-{n}", NOW - 8 * HOUR, by=f"l{n}", sentiment="positive") for n in range(40)]
    desk.put(*late)
    fresh = Asking(asking.rule, desk)
    seen, anew = await asking.one(), await fresh.one()
    assert seen is not None and anew is not None
    assert seen.baseline == anew.baseline != first.baseline


async def test_a_message_turn_looks_only_at_posts_with_its_words() -> None:
    """The talk about repair turns sour while all else goes on: two hundred posts, of which forty are about it."""

    def repair(start: datetime, end: datetime, negative: float, seed: int) -> Iterator[Entry]:
        return talk(start, end, negative, seed, 4, "To REPAIR a phone")

    calm = [*talk(NOW - 16 * DAY, NOW, 0.3), *repair(NOW - 16 * DAY, NOW - DAY, 0.3, 3)]
    wanted = rule("message-turn", about=["repair", "#righttorepair"])
    sour = await Asking(wanted, MemoryDesk([*calm, *repair(NOW - DAY, NOW, 0.9, 4)])).one()
    same = await Asking(wanted, MemoryDesk([*calm, *repair(NOW - DAY, NOW, 0.3, 4)])).one()
    assert sour is not None and sour.fires and sour.value < -0.8
    assert sour.details["about"] == "repair, #righttorepair"
    assert same is not None and not same.fires
    none = await Asking(rule("message-turn", about=["battery"]), MemoryDesk(calm)).one()
    assert none is None


async def test_a_loss_of_voice() -> None:
    """Acme has half of what is said about two brands, and today a fifth, because of the other."""
    acme = MemoryDesk(talk(NOW - 30 * DAY, NOW, 0.3, 1, 4))
    other = list(talk(NOW - 30 * DAY, NOW - DAY, 0.3, 2, 4))
    more, same = ([*other, *talk(NOW - DAY, NOW, 0.3, 3, posts)] for posts in (16, 4))
    wanted = rule("voice-loss")
    asking = Asking(wanted, acme, {"acme": acme, "other": MemoryDesk(more, "other")})
    lost = await asking.one()
    assert lost is not None and lost.fires
    assert lost.number == "share_of_voice"
    assert lost.value == pytest.approx(0.2)
    assert lost.baseline == pytest.approx(0.5)
    kept = await Asking(wanted, acme, {"acme": acme, "other": MemoryDesk(same, "other")}).one()
    assert kept is not None and not kept.fires
    asking.unreachable = True
    assert await asking.one() is None, "nobody can say while another worker does not answer"
