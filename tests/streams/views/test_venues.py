"""On whose ground people talk: places as networks name them, and shares against an independent count."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Brand
from streams.records import Author, Entry, Post
from streams.views.frame import Frame, Rows, Window
from streams.views.places import HOME, HUB, HUB_AUTHOR, Places
from streams.views.venues import Venues, venues
from tests.streams.views import hanging, structure
from tests.streams.views.generate import ASKED, OWN, entries, entry, window
from tests.streams.views.oracle import Oracle, at, who
from tests.streams.views.test_numbers import languages, platforms, reddit, same, windows

DOMAINS, HUBS = ("Brand.example",), ("r/fans", "https://www.hub.example/", "@h3", "Fan Club")
VENUES = (None, "r/fans", "r/other", "brand", "Fan Club #help", "Fan Club")
URLS = (None, "https://shop.brand.example/1", "https://hub.example/2", "https://nothub.example/3", "at://x/y")


def placed(made: list[Entry], random: Random) -> list[Entry]:
    """The same entries, said somewhere."""

    def post(e: Entry) -> Post:
        return msgspec.structs.replace(e.post, venue=random.choice(VENUES), url=random.choice(URLS))

    return [msgspec.structs.replace(e, post=post(e)) for e in made]


def frame(made: list[Entry], own: tuple[str, ...] = OWN, hubs: tuple[str, ...] = HUBS) -> Frame:
    found = Frame(own, Places(own, DOMAINS, hubs))
    found.add_many(made)
    return found


@settings(max_examples=80, deadline=None)
@given(entries(), st.integers(0, 2**32), windows, platforms, languages)
def test_random(made: list[Entry], seed: int, span: Window, platform: str | None, lang: str | None) -> None:
    made = placed(made, Random(seed))
    check(frame(made).rows(span, platform=platform, lang=lang), Oracle(made, OWN, span, platform, lang), OWN, HUBS)


@pytest.mark.parametrize("days", [30, 2_000])
def test_reddit(days: int) -> None:
    made, own = reddit()
    hubs = ("r/announcements", "r/modnews")
    span = Window.last(timedelta(days=days), max(at(e) for e in made) + timedelta(hours=1))
    check(frame(made, tuple(own), hubs).rows(span), Oracle(made, own, span), tuple(own), hubs)


def check(rows: Rows, oracle: Oracle, own: tuple[str, ...], hubs: tuple[str, ...]) -> None:
    answer, expected = venues(rows, ASKED), structure.grounds(oracle, DOMAINS, hubs, own)
    for name in ("own", "hub", "self_organised"):
        posts, threads = getattr(answer.by_posts, name), getattr(answer.by_threads, name)
        assert (posts.count, posts.total) == (expected["posts"][name], expected["posts"].total())
        assert (threads.count, threads.total) == (expected["threads"][name], expected["threads"].total())
        hits = {root: ground == name for root, ground in expected["where"].items()}
        begun = {root: hanging.begun(oracle, root) for root in hits}
        of_threads = [hanging.Seen(hit, begun[root], begun[root]) for root, hit in hits.items()]
        roots = [(who(e), e.post.root) for e in expected["said"]]
        of_posts = [hanging.Seen(hits[root], author, begun[root]) for author, root in roots]
        for share, seen in ((posts, of_posts), (threads, of_threads)):
            held = hanging.interval(seen) or (None, None)
            assert all(same(*ends) for ends in zip(share.interval or (None, None), held, strict=True))


AUTHOR = Author(id="x:a5", handle="h5")


@pytest.mark.parametrize(
    ("venue", "url", "bits"),
    [
        ("r/Fans", None, HUB),
        ("r/fans2", None, 0),
        ("Fan Club #general", None, HUB),
        ("Fan Clubbers", None, 0),
        ("club/room", None, HUB),
        (None, "https://forum.brand.example/t/1", HOME),
        (None, "https://BRAND.example:8080", HOME),
        (None, "https://otherbrand.example/", 0),
        (None, "https://brand.example.evil.test/", 0),
        ("forum.brand.example/es", None, 0),
        ("brand.example/es", None, HOME),
        ("Brand", None, HOME),
        ("r/fans", "https://brand.example/", HOME | HUB),
        (None, "brand.example", 0),
        ("", "", 0),
    ],
)
def test_places(venue: str | None, url: str | None, bits: int) -> None:
    places = Places(("@brand",), ("brand.example",), ("r/fans", "fan club", "club"))
    post = Post(id="x:1", platform="x", author=AUTHOR, venue=venue, url=url)
    assert places.flags(post, AUTHOR) == places.flags(post, AUTHOR) == bits


def test_a_network_or_an_account_may_be_a_hub() -> None:
    places = Places(hubs=("Telegram", "@H5", "x:a6"))
    assert places.flags(Post(id="telegram:1", platform="telegram"), Author(id="telegram:1")) == HUB
    post = Post(id="x:1", platform="x")
    assert places.flags(post, AUTHOR) == HUB_AUTHOR
    assert places.flags(post, Author(id="X:A6")) == HUB_AUTHOR
    assert places.flags(post, Author(id="x:a7")) == 0


def grounds(*made: Entry, hubs: tuple[str, ...] = HUBS) -> tuple[int, int, int]:
    answer: Venues = venues(frame(list(made), hubs=hubs).rows(window(50, 100)), ASKED)
    return answer.by_posts.own.count, answer.by_posts.hub.count, answer.by_posts.self_organised.count


def test_the_first_post_decides_though_it_is_older_than_the_window() -> None:
    answer = entry(2, ms=60, venue="r/other", thread="x:p1", reply_to="x:p1")
    assert grounds(entry(1, ms=1, venue="r/fans"), answer) == (0, 1, 0)
    assert grounds(entry(1, ms=1, by=0), answer) == (1, 0, 0)
    assert grounds(entry(1, ms=1, by=3), answer) == (0, 1, 0)
    assert grounds(entry(1, ms=1), answer) == (0, 0, 1)


def answer_to_first(number: int, ms: float, **more: object) -> Entry:
    """To `x:p1`, which is not held."""
    fields = {"thread": "x:p1", "reply_to": "x:p1"} | more
    return entry(number, ms, **fields)  # type: ignore[arg-type]


def test_without_the_first_post_an_answer_tells() -> None:
    assert grounds(answer_to_first(2, 60, reply_to_author="x:a0")) == (1, 0, 0)
    assert grounds(answer_to_first(2, 60, reply_to_author="x:a9"), hubs=("x:a9",)) == (0, 1, 0)
    assert grounds(answer_to_first(2, 60), answer_to_first(3, 70, venue="r/fans")) == (0, 0, 2)
    assert grounds(answer_to_first(2, 60, venue="r/fans"), answer_to_first(3, 70)) == (0, 2, 0)


def test_the_brands_own_words_and_reposts_do_not_count() -> None:
    repost = entry(3, ms=61, repost_of="x:p1")
    assert grounds(entry(1, ms=60, by=0), entry(2, ms=61, thread="x:p1", reply_to="x:p1"), repost) == (1, 0, 0)


def test_one_long_thread_is_no_proof() -> None:
    """Sixty posts in one thread say less of where people meet than sixty threads do."""
    one = [entry(n, ms=60, by=5 + n, venue="r/fans", thread="x:p0") for n in range(60)]
    many = [entry(n, ms=60, by=5 + n, venue="r/fans") for n in range(60)]
    wide, narrow = (venues(frame(made).rows(window(50, 100)), ASKED).by_posts.hub for made in (one, many))
    assert wide.share == narrow.share == 1
    assert wide.interval is not None
    assert narrow.interval is not None
    assert wide.interval[0] < 0.3
    assert narrow.interval[0] > 0.9


def test_the_frame_of_a_brand_knows_its_places() -> None:
    brand = Brand(name="b", terms=("b",), own=("@brand",), domains=("brand.example",), hubs=("r/fans",))
    found = Frame.of(brand)
    found.add_many([entry(1, venue="r/fans"), entry(2, url="https://brand.example/x"), entry(3, by=1), entry(4)])
    assert [flags & (HOME | HUB) for flags in found.rows().column("flags").tolist()].count(0) == 2
