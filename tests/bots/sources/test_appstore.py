"""The App Store beyond the contract: mistakes in the options, gaps, deletions, stale copies, a review as a post."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from pydantic import ValidationError

from bots.http import Http
from bots.sources.appstore import AppStore, AppStoreOptions
from bots.sources.appstore_memory import MOST_SEEN, Feed, Seen
from bots.sources.appstore_reviews import read_page
from bots.sources.base import Batch, Gap, Misconfigured, Tools
from tests.contract.source_server import serving
from tests.contract.worlds.appstore import AppStoreWorld

ONE = {"apps": ("111",), "countries": ("us",)}


class Kept:
    """What a source brought of one app in one country, and its clock."""

    def __init__(self, http: Http, world: AppStoreWorld) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self._http, self.world = http, world
        self.cursor: Any = None
        self.gaps: list[Gap] = []

    async def read(self, batches: int = 4, **changed: Any) -> list[tuple[str, str]]:
        """What is told in so many batches: op and id."""
        options = self.world.options().model_copy(update={**ONE, **changed})
        source = AppStore(options, Tools(self._http, lambda: self.now, Random(1), ()))
        told = list[tuple[str, str]]()
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            for _ in range(batches):
                batch: Batch = await anext(stream)
                told += [(post.op, post.id.partition(":")[2]) for post in batch.posts]
                self.gaps += [batch.gap] if batch.gap else []
                self.cursor = json.loads(json.dumps(batch.cursor))
        return told


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    world = AppStoreWorld()
    async with serving(world.serve) as server, Http("ops@example.org", base_s=0.001) as http:
        world.url = server.url
        yield Kept(http, world)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"apps": ["id111"]}, "no app's number"),
        ({"countries": ["usa"]}, "no country"),
        ({"every": "1s"}, "between 1m and 12h"),
        ({"apps": [str(n) for n in range(101)]}, "more than 100"),
        ({"first": 11}, "less than or equal to 10"),
    ],
)
def test_a_mistake_in_the_options_is_explained(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        AppStoreOptions.model_validate(options)


def test_countries_are_written_small() -> None:
    assert AppStoreOptions.model_validate({"countries": ["US", "us", "De"]}).countries == ("us", "de")


async def test_without_an_app_it_says_what_is_missing(kept: Kept) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.appstore\.apps"):
        await kept.read(apps=())


async def test_the_first_look_goes_back_so_many_pages_and_no_further_later(kept: Kept) -> None:
    assert len(await kept.read(first=1)) == 41  # a page of 50, nine of them malformed
    assert await kept.read(first=1) == []


async def test_reviews_that_apple_no_longer_shows_are_a_gap(kept: Kept) -> None:
    await kept.read(first=1)
    for number in range(600):
        kept.world.write("us/111", f"new {number}", "", "")
    told = await kept.read(8)
    assert len(told) == 491
    assert [(gap.start, gap.end) for gap in kept.gaps] == [
        (datetime(2026, 6, 1, 2, 10, tzinfo=UTC), kept.world.reviews["us/111"][490]["made"])
    ]
    assert await kept.read() == []
    assert len(kept.gaps) == 1


async def test_a_review_is_deleted_when_two_looks_miss_it(kept: Kept) -> None:
    await kept.read()
    missed = kept.world.reviews["us/111"].pop(10)
    stale = kept.world.reviews["us/111"].copy()
    assert await kept.read(1) == []
    kept.world.reviews["us/111"].insert(10, missed)
    assert await kept.read(2) == []
    kept.world.reviews["us/111"][:] = stale
    assert await kept.read(2) == [("delete", missed["id"])]
    assert await kept.read(2) == []


async def test_once_a_day_all_pages_are_read_so_that_old_deletions_show(kept: Kept) -> None:
    await kept.read()
    gone = kept.world.reviews["us/111"].pop(100)
    assert await kept.read(3) == []
    told = []
    for _ in range(2):
        kept.now += timedelta(days=1)
        told += await kept.read(2)
    assert told == [("delete", gone["id"])]


async def test_an_empty_answer_deletes_nothing(kept: Kept) -> None:
    await kept.read()
    kept.world.reviews["us/111"].clear()
    kept.world.spoilt.clear()
    assert await kept.read(3) == []


def test_memory_is_bounded_and_what_is_forgotten_counts_as_told() -> None:
    feed = Feed(seen={str(n): Seen("looks", n) for n in range(MOST_SEEN)})
    feed.forget(10)
    assert len(feed.seen) == MOST_SEEN // 10
    assert feed.floor == min(seen.written for seen in feed.seen.values())


def test_a_review_becomes_a_post() -> None:
    """In the form of Apple's feeds; the words are made up."""
    entry = {
        "author": {
            "uri": {"label": "https://itunes.apple.com/jp/reviews/id409"},
            "name": {"label": "氏黒"},
            "label": "",
        },
        "updated": {"label": "2026-08-05T07:11:12-07:00"},
        "im:version": {"label": "3.4.3"},
        "im:rating": {"label": "1"},
        "id": {"label": "6281"},
        "title": {"label": "残念"},
        "content": {"label": "重い", "attributes": {"type": "text"}},
        "link": {
            "attributes": {"rel": "related", "href": "https://itunes.apple.com/jp/review?id=14&type=Purple%20Software"}
        },
        "im:voteSum": {"label": "3"},
        "im:contentType": {"attributes": {"term": "Application", "label": "アプリケーション"}},
        "im:voteCount": {"label": "5"},
    }
    [review], bad = read_page({"feed": {"entry": entry}}, "14", "jp")
    post = review.post
    assert not bad
    assert (post.id, post.thread, post.venue) == ("appstore:6281", "appstore:6281", "App Store JP")
    assert post.text == "残念\n\n重い"
    assert post.author and post.author.id == "appstore:409"
    assert post.mentions == ("appstore:app/14",)
    assert post.url == "https://itunes.apple.com/jp/review?id=14&type=Purple%20Software"
    assert post.created_at == datetime(2026, 8, 5, 14, 11, 12, tzinfo=UTC)
    assert post.likes == 3
