"""Components, their place and their moves: against SciPy, statsmodels and plain Python over the entries."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import percentileofscore, skellam
from statsmodels.stats.proportion import confint_proportions_2indep

from config.schema import Views
from streams.records import Entry
from streams.views.asked import Asked
from streams.views.base import VIEWS
from streams.views.changes import change, mover, people_change
from streams.views.columns import identity
from streams.views.company import Company, company
from streams.views.components import COMPONENTS, Component, Figure, figures
from streams.views.drivers import FEWEST, drivers
from streams.views.frame import Frame, Window
from streams.views.health import MOST_WINDOWS, health, history
from streams.views.intervals import wilson
from streams.views.standing import MIN_WINDOWS, standing
from tests.streams.views import hanging
from tests.streams.views.generate import ASKED, OWN, T0, entry, frame_of, made
from tests.streams.views.oracle import Oracle, at, who

HOUR = 3_600_000
DAY = 24 * HOUR


def figure(value: float | None, interval: tuple[float, float | None] | None = None, **more: bool) -> Figure:
    return Figure(posts=20, authors=10, insufficient=value is None, value=value, interval=interval, **more)


def spread(seed: int, count: int = 600, days: int = 12) -> list[Entry]:
    """A conversation over some days."""
    return made(Random(seed), count, people=20, span_ms=days * DAY)


def last(days: int, length: timedelta = timedelta(days=1)) -> Window:
    return Window.last(length, T0 + timedelta(days=days))


def sent(entries: list[Entry], window: Window) -> bytes:
    return msgspec.json.encode(health(frame_of(entries).snapshot(), window, ASKED))


# -- places ----------------------------------------------------------------------------------------------------------

values = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1, 1))


@given(st.floats(-1, 1) | st.integers(-3, 3).map(float), st.lists(values, max_size=40))
def test_percentiles_are_scipys(value: float, others: list[float | None]) -> None:
    known = [other for other in others if other is not None]
    found = standing(figure(value), [figure(other) for other in others], MIN_WINDOWS)
    assert (found.of, found.insufficient) == (len(known), len(known) < MIN_WINDOWS)
    if found.percentile is None:
        assert found.insufficient
    else:
        assert math.isclose(found.percentile, percentileofscore(known, value, kind="mean"), abs_tol=1e-9)


def test_a_wait_without_end_is_longer_than_all_others() -> None:
    never, others = figure(None, unreached=True), [figure(float(n)) for n in range(9)]
    assert standing(never, others, 8).percentile == 100
    assert standing(never, [*others, never], 8).percentile == 95
    assert standing(figure(4.5), [never] * 8, 8).percentile == 0


def test_what_has_no_value_has_no_place() -> None:
    found = standing(figure(None), [figure(1.0)] * 20, 8)
    assert (found.of, found.insufficient, found.percentile) == (20, True, None)


# -- moves -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_the_difference_of_shares_is_newcombes(n: int, m: int, p: float, q: float) -> None:
    count, other = round(p * n), round(q * m)
    one, two = (figure(c / t, wilson(c, t)) for c, t in ((count, n), (other, m)))
    found = change(one, two, "share")
    low, high = confint_proportions_2indep(count, n, other, m, method="newcomb", compare="diff")
    assert found.interval is not None
    assert found.method == "newcombe"
    assert found.interval == pytest.approx((low, high), abs=1e-9)
    assert found.real == (found.interval[0] > 0 or found.interval[1] < 0)  # type: ignore[operator]


def test_an_end_without_bound_stays_open() -> None:
    low, high = mover(10, (8, None), 5, (4, 7))
    assert (low, high) == (5 - math.hypot(2, 2), None)
    low, high = mover(10, (8, 12), 5, (4, None))
    assert (low, high) == (None, 5 + math.hypot(2, 1))
    assert change(figure(10, (8, None)), figure(5, (4, 7)), "seconds").real is True
    assert change(figure(5, (4, 7)), figure(10, (8, None)), "seconds").real is True
    assert change(figure(9, (4, 12)), figure(10, (8, None)), "seconds").real is False


def test_no_interval_no_verdict() -> None:
    found = change(figure(0.4), figure(0.3, (0.2, 0.4)), "index")
    assert (found.interval, found.method, found.real) == (None, None, None)
    assert found.difference == pytest.approx(0.1)
    assert change(figure(None), figure(0.3), "index").difference is None


@pytest.mark.parametrize(("came", "left", "stayed"), [(60, 30, 10), (200, 200, 0), (15, 80, 300), (40, 0, 40)])
def test_the_interval_of_people_is_that_of_a_difference_of_counts(came: int, left: int, stayed: int) -> None:
    """Poisson weights of those who came, less those of those who left: Skellam's distribution."""
    frame = Frame(())
    frame.add_many(entry(n, 0, by=n) for n in range(came + left + stayed))
    hashes = Random(came).sample([int(author) for author in frame.rows().authors], came + left + stayed)
    here, there = np.sort(hashes[: came + stayed]), np.sort(hashes[came:])
    asked = Asked(Views(min_posts=1, min_authors=1, bootstrap=2_000))
    alone, before = Company(here, here), Company(there, there)
    found = people_change(figure(len(here)), figure(len(there)), alone, before, asked)
    low, high = skellam.ppf(0.025, came, left) if left else None, skellam.ppf(0.975, came, left) if left else None
    assert found.difference == came - left
    assert found.interval is not None
    if low is not None and high is not None:
        wide = math.sqrt(came + left)
        assert found.interval[0] == pytest.approx(low, abs=0.25 * wide)
        assert found.interval[1] == pytest.approx(high, abs=0.25 * wide)
    assert found.real is (abs(came - left) > 2.2 * math.sqrt(came + left))


def test_people_whom_one_thread_drew_are_no_proof_of_more() -> None:
    """Forty who came, each with a thread of their own, or all in one thread of somebody."""
    asked, earlier = Asked(Views(min_posts=1, min_authors=1, bootstrap=2_000)), Company(*[np.arange(100)] * 2)
    apart = np.arange(100, 140)
    drawn = np.where(np.arange(40) < 30, 7, apart)
    wide, narrow = (
        people_change(figure(40.0), figure(100.0), Company(apart, clusters), earlier, asked).interval
        for clusters in (drawn, apart)
    )
    assert wide is not None and wide[0] is not None and wide[1] is not None
    assert narrow is not None and narrow[0] is not None and narrow[1] is not None
    assert wide[1] - wide[0] > 1.8 * (narrow[1] - narrow[0])


@pytest.mark.parametrize("seed", range(5))
def test_the_company_of_people(seed: int) -> None:
    entries = spread(seed)
    rows, oracle = frame_of(entries).rows(last(9)), Oracle(entries, OWN, last(9))
    found = dict(zip(*(each.tolist() for each in company(rows)), strict=True))
    expected = hanging.company(oracle)
    assert {identity(name): identity(with_whom) for name, with_whom in expected.items()} == found


# -- the whole -------------------------------------------------------------------------------------------------------


def test_every_view_is_a_component_or_left_out_on_purpose() -> None:
    assert {each.view for each in COMPONENTS} | {"volume", "sentiment"} == set(VIEWS)
    assert len({each.name for each in COMPONENTS}) == len(COMPONENTS)


def test_figures_are_those_of_the_views() -> None:
    rows = frame_of(spread(1)).rows(last(8))
    found = figures(rows, ASKED)
    raw = {name: msgspec.to_builtins(view(rows, ASKED)) for name, view in VIEWS.items()}
    assert found["people"].value == raw["renewal"]["authors"]
    assert found["retention"].value == raw["renewal"]["retention"]["share"]
    assert found["answered"].value == raw["threads"]["several"]["share"]
    assert found["self_organised"].interval == tuple(raw["venues"]["by_posts"]["self_organised"]["interval"])
    assert found["virality"].value == raw["threads"]["virality"]["mean"]["value"]
    assert found["unevenness"].value == raw["unevenness"]["gini"]
    assert found["core"].value == raw["core"]["k"]


def test_history_and_change_once_more_from_the_entries() -> None:
    entries, window = spread(2), last(11)
    found = health(frame_of(entries).snapshot(), window, ASKED)

    def people(back: int) -> int:
        day = timedelta(days=back)
        inside = Oracle(entries, OWN, Window(window.start - day, window.end - day))
        return len({who(e) for e in inside.inside} - inside.own)

    past = [people(back) for back in range(1, 11)]
    assert found.windows == len(past) - (min(at(e) for e in entries) > T0)
    now = found.components["people"]
    assert now.now.value == people(0)
    assert now.history.percentile == pytest.approx(percentileofscore(past[: found.windows], people(0), kind="mean"))
    assert now.change is not None
    assert now.change.difference == people(0) - people(1)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**16))
def test_order_and_detours_leave_no_trace(seed: int) -> None:
    entries, passing, window = spread(seed, 250), made(Random(seed + 1), 500, span_ms=12 * DAY)[250:], last(11)
    expected = sent(entries, window)
    assert sent(Random(seed).sample(entries, len(entries)), window) == expected
    frame = frame_of([*passing[:125], *entries, *passing[125:]])
    for each in passing:
        frame.remove(each)
    assert msgspec.json.encode(health(frame.snapshot(), window, ASKED)) == expected


def test_nothing_at_all() -> None:
    found = health(Frame(()).snapshot(), last(3), Asked())
    assert (found.windows, found.since) == (0, None)
    for each in found.components.values():
        assert each.change is None
        assert each.history.insufficient
        assert each.now.value in (None, 0)


def test_a_short_past_says_how_short() -> None:
    found = health(frame_of(spread(3, 400, days=5)).snapshot(), last(5), ASKED)
    people, retention = found.components["people"], found.components["retention"]
    assert people.history.of == found.windows == 3  # the first day began before the first post
    assert people.history.insufficient
    assert people.history.percentile is None
    assert people.change is not None
    assert retention.history.of == 2  # it looks one window further back
    early = health(frame_of(spread(3, 400, days=5)).snapshot(), last(1), ASKED)
    assert all(each.change is None for each in early.components.values())


def test_with_too_few_posts_there_is_no_estimate_and_no_real_move() -> None:
    found = health(frame_of(spread(4)).snapshot(), last(11), Asked(Views(min_posts=1_000, min_authors=500)))
    for name, each in found.components.items():
        assert each.now.insufficient is (name != "people")
        assert each.change is None or each.change.real is None


def test_one_old_post_makes_no_past() -> None:
    old = entry(9_999, -400 * DAY)
    found = health(frame_of([old, *spread(5, 900, days=3)]).snapshot(), last(3), Asked())
    assert found.windows == 2
    began = health(frame_of([old, *spread(5, 900, days=3)]).snapshot(), last(1), Asked())
    assert began.windows == 0
    assert began.components["people"].change is None  # nobody listened the day before


def test_hours_are_compared_with_the_same_hour_of_other_days() -> None:
    snapshot, hour = frame_of(spread(6, 3_000, days=60)).snapshot(), timedelta(hours=1)
    window = Window.last(hour, T0 + timedelta(days=59, hours=5))
    past = history(snapshot, window, ASKED)
    assert len(past) == MOST_WINDOWS
    assert {each.end - each.start for each in past} == {hour}
    assert [window.end - each.end for each in past] == [timedelta(days=n + 1) for n in range(len(past))]
    longer = history(snapshot, last(59, timedelta(hours=30)), ASKED)
    assert {(a.end - b.end).days for a, b in pairwise(longer)} == {2}


def test_reach_is_what_a_component_looks_back() -> None:
    reaching: list[Component] = [each for each in COMPONENTS if each.reach]
    assert [each.name for each in reaching] == ["retention"]


@pytest.mark.parametrize("seed", range(5))
def test_the_threads_with_the_most_interactions(seed: int) -> None:
    entries, window = spread(seed), last(9, timedelta(days=4))
    frame, oracle = frame_of(entries), Oracle(entries, OWN, window)
    rows = frame.rows(window)
    found = drivers(rows, 3)
    counts: dict[int, int] = {}
    for row in rows.interactions.rows:
        counts[int(rows.root[row])] = counts.get(int(rows.root[row]), 0) + 1
    wanted = sorted((count for count in counts.values() if count >= FEWEST), reverse=True)[:3]
    assert [each.interactions for each in found] == wanted
    times = {int(post): int(time) for post, time in zip(frame.rows().post, frame.rows().time, strict=True)}
    assert all(times[each.post] == each.time for each in found)
    assert len(oracle.inside) == len(rows)
