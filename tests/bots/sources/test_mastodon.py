"""Mastodon: options and records, real ones among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bots.sources.mastodon_forms import Status, read_status
from bots.sources.mastodon_options import MastodonOptions
from bots.sources.mastodon_posts import post_of
from streams.records import Post, check_post
from tests.bots.sources.mastodon_server import NOW, status

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "recordings" / "mastodon" / "statuses.json").read_text("utf-8")
)


def post(record: dict[str, Any]) -> Post:
    """The record as a post that passed the gate."""
    found = read_status(record)
    assert isinstance(found, Status), found
    return check_post(post_of(found, "a.example", None), NOW)


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance", "says"),
    [
        ({"url": "mastodon.social"}, "address of a server"),
        ({"url": "https://mastodon.social/@ana"}, "address of a server"),
        ({"url": ""}, "url is empty"),
        ({"url": "https://a.example", "timelines": ["home"]}, "no timeline"),
        ({"url": "https://a.example", "timelines": ["#two words"]}, "no timeline"),
        ({"url": "https://a.example", "streaming": "https://a.example"}, "needs a token"),
    ],
)
def test_a_mistake_in_an_instance_is_named(instance: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MastodonOptions.model_validate({"instances": [instance]})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"instances": [{"url": "https://a.example"}, {"url": "https://A.example/"}]}, "there twice"),
        ({"poll": "2h"}, "between 1ms and 1h"),
        ({"recheck": ["1d", "1h"]}, "shortest time first"),
    ],
)
def test_a_mistake_in_the_options_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MastodonOptions.model_validate(options)


# -- records -----------------------------------------------------------------------------------------------------------


def test_a_real_post_from_another_server() -> None:
    found = post(RECORDED["remote"])
    assert found.id == "mastodon:https://icosahedron.website/users/halcy/statuses/110446222386355655"
    assert found.author is not None
    assert (found.author.id, found.author.handle, found.author.followers) == (
        "mastodon:https://icosahedron.website/users/halcy",
        "halcy@icosahedron.website",
        3553,
    )
    assert found.text.startswith("test post for mastodon.py stuff\n\n@halcy you're a doo-doo head\n\nedit:")
    assert (found.hashtags, found.mentions, found.links) == (("thisisahashtag",), ("halcy@icosahedron.website",), ())
    assert (found.venue, found.lang, found.likes) == ("icosahedron.website", "de", 1)


def test_real_answers_reblogs_and_edits_are_read() -> None:
    assert post(RECORDED["reply"]).mentions == ("mastodonpy_test_2@a.example",)
    again = post(RECORDED["reblog"])
    assert (again.text, again.thread) == ("", None)
    assert again.repost_of == "mastodon:http://localhost:3000/ap/users/117020565966271181/statuses/117020586019094258"
    edited = read_status(RECORDED["edited"])
    assert isinstance(edited, Status)
    assert edited.version == "2026-08-01T13:54:00.695Z"
    assert post(RECORDED["hashtag"]).text == "#hoot (hashtag toot)"


@pytest.mark.parametrize(
    "more",
    [
        {"visibility": "unlisted"},
        {"visibility": "private"},
        {"account": {"id": "1", "acct": "ana", "noindex": True}},
        {"account": {"id": "1", "acct": "ana", "note": '<p>no <a href="/tags/nobot">#<span>NoBot</span></a></p>'}},
        {"reblog": status(2, visibility="unlisted")},
    ],
)
def test_who_asks_to_be_left_out_is_left_out(more: dict[str, Any]) -> None:
    found = read_status(status(1, **more))
    assert isinstance(found, Status)
    assert not found.tellable


def test_the_recorded_author_who_is_not_to_be_indexed_is_left_out() -> None:
    found = read_status(RECORDED["noindex"])
    assert isinstance(found, Status)
    assert not found.tellable


def test_a_quote_loses_the_line_that_stands_for_it() -> None:
    content = '<p class="quote-inline">RE: <a href="https://b.example/7">b.example/7</a></p><p>so true</p>'
    quote = {"state": "accepted", "quoted_status": {"uri": "https://b.example/7"}}
    found = post(status(1, content=content, quote=quote))
    assert (found.text, found.links, found.quote_of) == ("so true", (), "mastodon:https://b.example/7")
    assert post(status(1, content=content, quote=quote | {"state": "revoked"})).quote_of is None


def test_pictures_without_words_are_a_turn_too() -> None:
    media = [{"type": "image", "description": "a cat"}, {"type": "video", "description": None}]
    assert post(status(1, content="", media_attachments=media)).text == "a cat\n[video]"


def test_links_are_those_a_person_set() -> None:
    content = '<p><a href="https://x.example/?a=1&amp;b=2">x</a> <a class="u-url mention" href="https://a.example/@ana">@ana</a>'
    found = post(status(1, content=content, card={"url": "https://y.example/"}))
    assert found.links == ("https://x.example/?a=1&b=2", "https://y.example/")
