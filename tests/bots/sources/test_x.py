"""X: rules made of brands, posts as the documentation shows them, options."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bots.sources.base import Misconfigured
from bots.sources.x_forms import Answer, Includes
from bots.sources.x_options import XOptions
from bots.sources.x_posts import Names, number_at, read_answer, time_of
from bots.sources.x_rules import SEARCH_LENGTH, queries_of, rules_of
from config.schema import Brand
from streams.records import Post, check_post

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
BRAND = Brand(
    name="fairphone",
    terms=("Fairphone", 'Fair "Phone"'),
    exclude=("fair phone plan",),
    hashtags=("#fairphone6", "2026"),
    handles=("@Fairphone", "fairphone.com", "fairphone@social.weho.st"),
    domains=("fairphone.com",),
    own=("Fairphone", "x:123", "bluesky:did:plc:x"),
)
USERS = [
    {"id": "11", "username": "ana", "name": "Ana", "public_metrics": {"followers_count": 7}},
    {"id": "12", "username": "ben", "name": "Ben"},
]


def tweet(number: str, text: str, **more: Any) -> dict[str, Any]:
    """A post as X sends it."""
    plain = {"id": number, "text": text, "author_id": "11", "edit_history_tweet_ids": [number]}
    return plain | {"conversation_id": number, "created_at": "2026-11-03T11:00:00.000Z", "lang": "en"} | more


def read(*tweets: Any, below: Any = (), names: Names | None = None) -> list[Post]:
    """Past the gate."""
    found, bad = read_answer(Answer(list(tweets), Includes(USERS, list(below))), names or Names())
    assert bad == []
    return [check_post(each.post, NOW) for each in found]


def test_a_brand_becomes_a_rule() -> None:
    (rule,) = rules_of([BRAND], (), 512)
    assert rule.tag == "tertulia:fairphone"
    assert rule.value == (
        '("Fairphone" OR "Fair Phone" OR #fairphone6 OR #Fairphone OR @Fairphone OR from:Fairphone OR from:123'
        ' OR url:"fairphone.com") -"fair phone plan"'
    )


def test_rules_are_split_by_length_and_none_of_their_parts_is_lost() -> None:
    terms = tuple(f"Schöne Marke {number}" for number in range(200))
    brand = Brand(name="marke", terms=terms, exclude=("doof",))
    rules = rules_of([brand, BRAND], (), 120)
    assert max(len(rule.value) for rule in rules) <= 120
    assert all(rule.value.endswith(') -"doof"') for rule in rules if rule.tag == "tertulia:marke")
    clauses = [part for rule in rules for part in rule.value[1:].split(") -")[0].split(" OR ")]
    assert len(clauses) == len(set(clauses)) == 400 + 8
    assert len(rules) < 200


def test_the_search_is_asked_in_shorter_pieces_than_the_stream() -> None:
    brand = Brand(name="marke", terms=tuple(f"Marke {number}" for number in range(100)))
    assert max(len(rule.value) for rule in rules_of([brand], (), 2_048)) > SEARCH_LENGTH
    queries = queries_of([brand], (), 2_048)
    assert len(queries) > 1
    assert max(map(len, queries)) <= SEARCH_LENGTH
    assert queries_of([brand], ("short", "x" * 600), 2_048) == ("short",)


def test_rules_by_hand_replace_those_of_the_brands() -> None:
    assert [(rule.value, rule.tag) for rule in rules_of([BRAND], ("cat has:images",), 512)] == [
        ("cat has:images", "tertulia")
    ]


@pytest.mark.parametrize(
    ("rules", "terms", "words"),
    [(("x" * 100,), (), "sources.x.rules"), ((), ("y" * 100,), "sources.x.rule_length")],
)
def test_what_does_not_fit_is_named(rules: tuple[str, ...], terms: tuple[str, ...], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        rules_of([Brand(name="b", terms=terms or ("z",))], rules, 64)


def test_the_documented_reply_is_read() -> None:
    """The sample of the data dictionary, shortened."""
    sample = json.loads(
        """{"text": "We believe the best future version of our API. https://t.co/yvxdK6aOo2",
        "edit_history_tweet_ids": ["1212092628029698048"], "lang": "en", "in_reply_to_user_id": "2244994945",
        "entities": {"urls": [{"start": 222, "end": 245, "url": "https://t.co/yvxdK6aOo2",
        "expanded_url": "https://x.com/LovesNandos/status/1211797914437259264/photo/1",
        "display_url": "pic.x.com/yvxdK6aOo2", "media_key": "16_1211797899316740096"}],
        "annotations": [{"start": 42, "end": 44, "probability": 0.5359, "type": "Other", "normalized_text": "API"}]},
        "author_id": "2244994945", "referenced_tweets": [{"type": "replied_to", "id": "1212092627178287104"}],
        "id": "1212092628029698048", "conversation_id": "1212092626247110657",
        "public_metrics": {"retweet_count": 7, "reply_count": 3, "like_count": 38, "quote_count": 1},
        "created_at": "2019-12-31T19:26:16.000Z", "attachments": {"media_keys": ["16_1211797899316740096"]},
        "possibly_sensitive": false}"""
    )
    (post,) = read(sample)
    assert post.id == "x:1212092628029698048"
    assert post.text == "We believe the best future version of our API."
    assert (post.links, post.likes, post.reposts, post.replies) == ((), 38, 7, 3)
    assert (post.reply_to, post.reply_to_author) == ("x:1212092627178287104", "x:2244994945")
    assert post.thread == "x:1212092626247110657"
    assert post.author is not None
    assert (post.author.id, post.author.handle) == ("x:2244994945", "")
    assert post.created_at == datetime(2019, 12, 31, 19, 26, 16, tzinfo=UTC)


def test_ids_tell_their_time() -> None:
    assert time_of("1212092628029698048").replace(microsecond=0) == datetime(2019, 12, 31, 19, 26, 16, tzinfo=UTC)
    moment = NOW.timestamp()
    assert abs(time_of(str(number_at(moment))).timestamp() - moment) < 0.001


def test_links_hashtags_and_mentions() -> None:
    entities = {
        "urls": [
            {"url": "https://t.co/a", "expanded_url": "https://bit.ly/1", "unwound_url": "https://fairphone.com/x"},
            {"url": "https://t.co/b", "expanded_url": "https://twitter.com/ben/status/99"},
        ],
        "hashtags": [{"start": 1, "end": 2, "tag": "Café"}],
        "mentions": [{"start": 1, "end": 2, "username": "Fairphone", "id": "5"}],
    }
    quoted = [{"type": "quoted", "id": "99"}]
    text = "@Fairphone &amp; #Café https://t.co/a https://t.co/b"
    post = read(tweet("100", text, entities=entities, referenced_tweets=quoted, lang="und"))[0]
    assert post.text == "@Fairphone & #Café https://bit.ly/1"
    assert (post.links, post.hashtags, post.mentions) == (("https://fairphone.com/x",), ("Café",), ("Fairphone",))
    assert (post.quote_of, post.thread, post.lang) == ("x:99", "x:100", None)


def test_a_long_text_is_read_whole() -> None:
    note = {"text": "a" * 400 + " #end", "entities": {"hashtags": [{"tag": "end"}]}}
    post = read(tweet("100", "a" * 279 + "…", note_tweet=note))[0]
    assert (post.text, post.hashtags) == (note["text"], ("end",))


def test_a_repost_has_no_words_of_its_own_and_what_it_repeats_is_told() -> None:
    original = tweet("90", "hello", author_id="12", created_at="2026-11-01T10:00:00.000Z")
    repost = tweet("100", "RT @ben: hello", referenced_tweets=[{"type": "retweeted", "id": "90"}])
    first, second = read(repost, below=[original])
    assert (first.id, first.text, first.author and first.author.handle) == ("x:90", "hello", "ben")
    assert (second.text, second.repost_of, second.repost_of_author, second.thread) == ("", "x:90", "x:12", "x:90")


def test_an_edit_keeps_the_first_id_and_what_answers_a_version_answers_the_post() -> None:
    names = Names()
    first, second = str(number_at(1_793_700_000)), str(number_at(1_793_700_600))
    edit = tweet(second, "better", edit_history_tweet_ids=[first, second], conversation_id=second)
    (post,) = read(edit, names=names)
    assert (post.id, post.op, post.thread, post.text) == (f"x:{first}", "update", f"x:{first}", "better")
    assert post.created_at is not None
    assert int(post.created_at.timestamp()) == 1_793_700_000, "an edit does not move a post in time"
    reply = tweet("1999999999999999999", "yes", referenced_tweets=[{"type": "replied_to", "id": second}])
    (answer,) = read(reply | {"conversation_id": second}, names=names)
    assert (answer.reply_to, answer.thread) == (f"x:{first}", f"x:{first}")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"attachments": {"media_keys": ["3_1"]}, "text": "https://t.co/m"}, "[media]"),
        ({"referenced_tweets": [{"type": "quoted", "id": "99"}], "text": "https://t.co/m"}, "[quote]"),
    ],
)
def test_a_post_without_words_is_still_a_turn(more: dict[str, Any], text: str) -> None:
    link = {"url": "https://t.co/m", "expanded_url": "https://x.com/a/status/99", "media_key": "3_1"}
    assert read(tweet("100", "", entities={"urls": [link]}) | more)[0].text == text


@pytest.mark.parametrize(
    "options",
    [
        {"backfill_minutes": 6},
        {"rule_length": 10},
        {"first": "8d"},
        {"silence": "0s"},
        {"rules": [" "]},
        {"base_url": "api.x.com"},
        {"recheck": 100_000},
        {"most_posts_per_day": -1},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        XOptions.model_validate({"token": "very-secret"} | options)


def test_the_token_is_not_shown() -> None:
    assert "very-secret" not in repr(XOptions.model_validate({"token": "very-secret"}))
