"""The simulated community: labelled, well formed, the same every time, and shaped like a conversation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random
from typing import Any

import pytest

from bots.http import Http
from bots.sources.base import Batch, Misconfigured, Tools
from bots.sources.demo import Demo, DemoOptions, Resume
from bots.sources.demo_plan import Moment, Plan
from bots.sources.demo_talk import MEAN_SIZE, Happening
from config.schema import Brand
from streams.records import Post, check_post

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BRANDS = (
    Brand(name="fairphone", terms=("Fairphone",), own=("@fairphone",)),
    Brand(name="azul", terms=("Café Azul", "Cafe Azul"), hashtags=("cafeazul",)),
    Brand(name="lumo", terms=("Lumo",)),
)


def demo(brands: Sequence[Brand] = BRANDS, now: datetime = NOON, **options: Any) -> Demo:
    return Demo(DemoOptions(**options), Tools(Http(), lambda: now, Random(0), brands))


def told(source: Demo, hours: float, start: datetime = NOON) -> list[Happening]:
    """What happens within so many hours; the first start is at `start` and makes nothing up."""
    at = start.timestamp()
    return list(
        takewhile(
            lambda item: item.at < (at + hours * 3_600) * 1_000, source.happenings(Resume(at, at, round(at * 1_000)))
        )
    )


@pytest.fixture(scope="module")
def day() -> list[Happening]:
    return told(demo(), 24)


@pytest.fixture(scope="module")
def posts(day: list[Happening]) -> list[Post]:
    return [item.post for item in day if item.post.op == "create"]


async def batches_until_now(source: Demo, cursor: Any) -> list[Batch]:
    """The batches up to the clock, which stands still: then the source would wait, and yields nothing more."""
    found = []
    async with aclosing(source.collect(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            found.append(batch)
            if batch.cursor["at"] + 60_000 > source.tools.now().timestamp() * 1_000 or len(batch.posts) < 500:
                return found
    return found


def test_the_same_seed_says_the_same_and_another_seed_something_else(day: list[Happening]) -> None:
    assert told(demo(), 2) == day[: len(told(demo(), 2))]
    assert [item.post.text for item in told(demo(seed=2), 1)] != [item.post.text for item in told(demo(), 1)]


def test_after_a_cut_at_any_happening_the_rest_is_the_same() -> None:
    whole = told(demo(), 1)
    for cut in range(0, len(whole), 25):
        resume = Resume(NOON.timestamp(), NOON.timestamp(), whole[cut].at, whole[cut].id)
        again = takewhile(lambda item: item.at <= whole[-1].at, demo().happenings(resume))
        assert list(again) == whole[cut + 1 :]


async def test_the_first_start_makes_up_a_past_and_a_restart_goes_on_from_it() -> None:
    found = await batches_until_now(demo(backfill=timedelta(hours=6)), None)
    made_up = [post for batch in found for post in batch.posts]
    assert 0.1 * 6 * 3_600 * 0.8 < len(made_up) < 0.1 * 6 * 3_600 * 2
    half = next(number for number, batch in enumerate(found) if len(found) // 2 <= number)
    again = await batches_until_now(demo(backfill=timedelta(hours=6)), found[half].cursor)
    assert [post for batch in again for post in batch.posts] == [
        post for batch in found[half + 1 :] for post in batch.posts
    ]


async def test_after_a_long_pause_only_the_backfill_is_made_up() -> None:
    long_ago = NOON.timestamp() - 90 * 86_400
    cursor = {"live": long_ago, "begin": long_ago, "at": round((NOON.timestamp() - 30 * 86_400) * 1_000), "id": "x"}
    found = await batches_until_now(demo(backfill=timedelta(hours=1)), cursor)
    first = found[0].posts[0]
    assert first.created_at is None or first.created_at >= NOON - timedelta(hours=1)
    assert found[-1].cursor["live"] == cursor["live"], "the plan stays where it was laid out"


async def test_nothing_is_told_before_its_time() -> None:
    for batch in await batches_until_now(demo(backfill=timedelta(hours=2)), None):
        assert all(post.created_at is None or post.created_at <= NOON for post in batch.posts)


def test_every_post_passes_the_gate_unchanged(day: list[Happening]) -> None:
    later = NOON + timedelta(days=2)
    assert all(check_post(item.post, later) == item.post for item in day)


def test_everything_is_labelled_as_simulated(day: list[Happening]) -> None:
    for item in day:
        assert item.post.id.startswith("demo:simulated-")
        if item.post.author is not None:
            assert item.post.author.id.startswith("demo:simulated-")
            assert item.post.author.name is not None
            assert item.post.author.name.endswith("(simulated)")
            assert item.post.venue is not None
            assert item.post.venue.endswith("(simulated)")
            assert item.post.url is None or item.post.url.startswith("https://demo.invalid/")


def test_threads_hold_together(posts: list[Post]) -> None:
    seen: dict[str, Post] = {}
    for post in posts:
        if post.reply_to is not None:
            parent = seen[post.reply_to]
            assert parent.created_at is not None
            assert post.created_at is not None
            assert (post.thread, parent.created_at < post.created_at) == (parent.thread, True)
            assert parent.author is not None
            assert post.reply_to_author == parent.author.id
        for other in (post.quote_of, post.repost_of):
            assert other is None or other in seen
        seen[post.id] = post


def test_replies_do_not_repeat_the_name(posts: list[Post]) -> None:
    names = [term.casefold() for brand in BRANDS for term in brand.terms]
    replies = [post.text.casefold() for post in posts if post.kind == "reply"]
    naming = [text for text in replies if any(name in re.sub(r"^@\S+", "", text) for name in names)]
    assert replies
    assert naming == []


def test_the_mixture_is_that_of_a_community(day: list[Happening], posts: list[Post]) -> None:
    kinds = Counter(post.kind for post in posts)
    share = {kind: count / len(posts) for kind, count in kinds.items()}
    assert 0.5 < share["reply"] < 0.75
    assert 0.15 < share["post"] < 0.35
    assert 0.03 < share["repost"] < 0.12
    assert 0.02 < share["quote"] < 0.10
    operations = Counter(item.post.op for item in day)
    assert 0.01 < operations["update"] / len(posts) < 0.04
    assert 0.004 < operations["delete"] / len(posts) < 0.02
    parents = {post.id: post for post in posts}
    deep = [post for post in posts if post.reply_to is not None and parents[post.reply_to].kind == "reply"]
    assert len(deep) / kinds["reply"] > 0.3, "people answer answers"


def test_few_speak_much_and_newcomers_arrive(posts: list[Post]) -> None:
    counts = Counter(post.author.id for post in posts if post.author is not None and "own" not in post.author.id)
    loud = sorted(counts.values(), reverse=True)
    assert sum(loud[: len(loud) // 10]) > 0.35 * sum(loud)
    assert loud[0] < 0.12 * sum(loud)
    halves = posts[: len(posts) // 2], posts[len(posts) // 2 :]
    before, after = ({post.author.id for post in half if post.author is not None} for half in halves)
    assert len(after - before) > 20


def test_people_answer_within_their_circle(posts: list[Post]) -> None:
    home = {post.author.id: post.venue for post in posts if post.author is not None and post.kind in ("post", "repost")}
    pairs = [
        (home.get(post.author.id), home.get(post.reply_to_author or ""))
        for post in posts
        if post.author is not None and post.reply_to
    ]
    known = [(one, other) for one, other in pairs if one and other]
    assert sum(one == other for one, other in known) / len(known) > 0.4, "twelve circles: by chance it would be 0.08"


def test_both_languages_are_spoken_and_the_brands_choose(posts: list[Post]) -> None:
    langs = Counter(post.lang for post in posts if post.lang)
    assert 0.3 < langs["es"] / langs.total() < 0.7
    only = demo([Brand(name="azul", terms=("Café Azul",), languages=("es-MX",))])
    assert {item.post.lang for item in told(only, 2) if item.post.lang} == {"es"}


def test_the_texts_do_not_look_like_a_loop(posts: list[Post]) -> None:
    openings = [post.text for post in posts if post.kind == "post"]
    assert len(set(openings)) > 0.8 * len(openings)
    assert Counter(post.text for post in posts if post.text).most_common(1)[0][1] < 0.01 * len(posts)
    assert not [post.text for post in posts if "{" in post.text or " de el " in post.text]


def test_the_brands_own_account_answers_under_the_handle_the_config_lists(posts: list[Post]) -> None:
    own = [post for post in posts if post.author is not None and post.author.id == "demo:simulated-own-fairphone"]
    assert {post.author.handle for post in own if post.author is not None} == {"fairphone"}
    assert 0.01 < len(own) / len(posts) < 0.1
    assert {post.kind for post in own} >= {"post", "reply"}


def test_the_rate_is_kept_in_calm_hours() -> None:
    calm = demo([Brand(name="a", terms=("Aaa",)), Brand(name="b", terms=("Bbb",))], rate=1.0)
    plan = Plan(1, 2, NOON.timestamp(), 1)
    moments = plan.moments(NOON.timestamp() + 3 * 3_600)
    created = [
        item
        for item in told(calm, 8)
        if item.post.op == "create" and not any(_near(item, moment) for moment in moments)
    ]
    conversations = {item.post.thread for item in created if item.post.kind == "post"}
    assert len(created) / len(conversations) == pytest.approx(MEAN_SIZE, rel=0.2)


def _near(item: Happening, moment: Moment) -> bool:
    return moment.start <= item.at / 1_000 <= moment.end + 3_600


def test_a_crisis_comes_ten_minutes_after_the_first_start_and_is_heard() -> None:
    plan = Plan(1, len(BRANDS), NOON.timestamp(), 1)
    first = next(
        found
        for found in plan.moments(NOON.timestamp() + 900)
        if found.kind == "crisis" and found.start > NOON.timestamp()
    )
    assert (first.start - NOON.timestamp(), first.end - first.start) == (600, 1_200)
    term = BRANDS[first.brand].terms[0]
    openings = [item for item in told(demo(), 3) if item.post.kind == "post" and term in item.post.text]
    during = sum(first.start <= item.at / 1_000 < first.end for item in openings)
    usual = (len(openings) - during) / (3 * 3_600 - 1_200) * 1_200
    assert during > 4 * max(usual, 1)


def test_crises_come_every_few_hours_and_campaigns_daily() -> None:
    plan = Plan(7, 3, NOON.timestamp(), 1)
    seen = {found for hour in range(72) for found in plan.moments(NOON.timestamp() + hour * 3_600)}
    inside = [found for found in seen if 0 <= found.start - NOON.timestamp() < 72 * 3_600]
    assert Counter(found.kind for found in inside) == {"crisis": 24, "campaign": 3}


def test_a_campaign_has_its_call_and_its_echo() -> None:
    source, plan = demo(rate=0.5), Plan(1, len(BRANDS), NOON.timestamp(), 1)
    campaign = next(
        found for found in plan.moments(NOON.timestamp()) if found.kind == "campaign" and found.start > NOON.timestamp()
    )
    start = datetime.fromtimestamp(campaign.start - 60, UTC)
    at = Resume(NOON.timestamp(), start.timestamp(), round(start.timestamp() * 1_000))
    heard = [item.post for item in takewhile(lambda item: item.at / 1_000 < campaign.end, source.happenings(at))]
    calls = [post for post in heard if post.hashtags and post.author is not None and post.author.role == "brand"]
    echo = [post for post in heard if post.hashtags and post.author is not None and post.author.role != "brand"]
    assert len(calls) == 1
    assert len({post.author.id for post in echo if post.author is not None}) > 20


def test_speed_brings_crises_sooner() -> None:
    fast = Plan(1, 1, NOON.timestamp(), 6)
    seen = {
        found
        for minute in range(180)
        for found in fast.moments(NOON.timestamp() + minute * 60)
        if found.kind == "crisis"
    }
    assert sum(0 <= found.start - NOON.timestamp() < 3 * 3_600 for found in seen) == 6


def test_one_brand_named_only_by_a_hashtag_is_enough() -> None:
    found = told(demo([Brand(name="x", hashtags=("unica",))]), 3)
    assert any("#unica" in item.post.text for item in found)


async def test_without_brands_it_says_what_is_missing() -> None:
    with pytest.raises(Misconfigured, match="brands"):
        await anext(demo([]).collect(None))
