"""Telegram's messages as posts: threads, forwards, discussion groups, topics, words and what is marked in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bots.sources.telegram_forms import Message
from bots.sources.telegram_posts import MOST_MOVED, MOST_ROOTS, Memory, deletion, read_message
from streams.records import Author, Post, check_post
from tests.contract.worlds.telegram import CHANNEL, FORUM, GROUP, START, SUPER, user

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
NEWS, TALK = CHANNEL["id"], SUPER["id"]


def message(number: int, chat: Any = GROUP, **extra: Any) -> dict[str, Any]:
    """As the Bot API sends it."""
    head = {"message_id": number, "date": START + number, "chat": chat, "from": user(1)}
    return head | {"text": f"text {number}"} | {("from" if key == "sender" else key): extra[key] for key in extra}


def read(raw: dict[str, Any], memory: Memory | None = None) -> Post:
    """The post, through the gate that all posts pass."""
    found = read_message(msgspec.json.decode(json.dumps(raw), type=Message), memory or Memory())
    assert found is not None
    return check_post(found, NOON)


def copy_of(post: dict[str, Any], number: int) -> dict[str, Any]:
    """What a discussion group shows of its channel's post."""
    origin = {"type": "channel", "date": post["date"], "chat": post["chat"], "message_id": post["message_id"]}
    shown = message(number, SUPER, sender={"id": 777000, "is_bot": False, "first_name": "Telegram"}, text=post["text"])
    return shown | {"sender_chat": CHANNEL, "forward_origin": origin, "is_automatic_forward": True}


def test_a_message_says_who_where_when_and_its_address() -> None:
    post = read(message(5, SUPER, sender=user(3) | {"last_name": "Pérez", "is_bot": True}))
    author = Author(id="telegram:503", handle="user_3", name="User 3 Pérez", bot=True)
    assert (post.id, post.author, post.venue) == (f"telegram:{TALK}/5", author, "@AcmeTalk")
    assert (post.url, post.thread) == ("https://t.me/AcmeTalk/5", post.id)
    assert post.created_at == datetime.fromtimestamp(START + 5, UTC)


def test_only_supergroups_and_channels_have_addresses() -> None:
    assert read(message(5)).url is None
    assert read(message(5, FORUM)).url == "https://t.me/c/2222222222/5"


def test_a_channel_and_an_unnamed_administrator_sign_as_their_chat() -> None:
    post = read(message(5, CHANNEL, sender=None, sender_chat=CHANNEL, author_signature="Eva"))
    assert post.author == Author(id=f"telegram:{NEWS}", handle="acmenews", name="Acme news")
    anonymous = read(message(6, SUPER, sender_chat=SUPER, sender={"id": 1087968824, "first_name": "Group"}))
    assert anonymous.author == Author(id=f"telegram:{TALK}", handle="AcmeTalk", name="Acme talk", role="admin")


# -- threads ---------------------------------------------------------------------------------------------------------


def test_answers_to_answers_stay_in_the_thread_they_began_in() -> None:
    memory, first = Memory(), message(1)
    second, third = message(2, reply_to_message=first), message(3, reply_to_message=message(2))
    posts = [read(raw, memory) for raw in (first, second, third)]
    assert [post.thread for post in posts] == ["telegram:-4001/1"] * 3
    assert (posts[2].reply_to, posts[2].reply_to_author) == ("telegram:-4001/2", "telegram:501")
    edited = read(third | {"text": "edited"}, memory)
    assert edited.thread == posts[2].thread


def test_an_answer_to_what_was_never_seen_joins_it() -> None:
    assert read(message(9, reply_to_message=message(3))).thread == "telegram:-4001/3"


def test_in_a_supergroup_the_beginning_is_named_and_need_not_be_remembered() -> None:
    memory = Memory()
    post = read(message(9, SUPER, reply_to_message=message(7, SUPER), message_thread_id=2), memory)
    assert (post.reply_to, post.thread) == (f"telegram:{TALK}/7", f"telegram:{TALK}/2")
    assert not memory.roots


def test_a_topic_is_no_thread() -> None:
    opening = message(4, FORUM, text="", forum_topic_created={"name": "Help", "icon_color": 7322096})
    topic = {"is_topic_message": True, "message_thread_id": 4}
    memory = Memory()
    alone = read(message(5, FORUM, reply_to_message=opening, **topic), memory)
    assert (alone.reply_to, alone.thread, alone.venue) == (None, alone.id, "Acme forum")
    answer = read(message(6, FORUM, reply_to_message=message(5, FORUM), **topic), memory)
    deeper = read(message(7, FORUM, reply_to_message=message(6, FORUM), **topic), memory)
    assert {answer.thread, deeper.thread} == {alone.id}


def test_comments_belong_to_the_channels_post_wherever_it_is_read() -> None:
    memory, post = Memory(), message(50, CHANNEL, sender=None, sender_chat=CHANNEL)
    told, shown = read(post, memory), read(copy_of(post, 8), memory)
    assert (shown.id, shown.author, shown.created_at) == (told.id, told.author, told.created_at)
    assert (shown.repost_of, shown.url, shown.venue, shown.thread) == (None, told.url, "@acmenews", told.id)
    comment = message(9, SUPER, reply_to_message=copy_of(post, 8), message_thread_id=8)
    assert read(comment, memory).reply_to == told.id and read(comment, memory).thread == told.id
    deeper = read(message(10, SUPER, reply_to_message=message(9, SUPER), message_thread_id=8), memory)
    assert (deeper.reply_to, deeper.thread) == (f"telegram:{TALK}/9", told.id)
    assert read(comment, Memory()).thread == told.id  # forgotten, but the comment shows it


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory()
    for number in range(2, MOST_ROOTS + 500):
        read(message(number, reply_to_message=message(number - 1)), memory)
        memory.move(msgspec.convert(message(1, GROUP | {"id": -number}, migrate_to_chat_id=-9), Message))
    assert len(memory.roots) == MOST_ROOTS and len(memory.moved) == MOST_MOVED
    assert read(message(5_000, reply_to_message=message(MOST_ROOTS + 499)), memory).thread == "telegram:-4001/1"


# -- forwards and quotes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "repeated", "author"),
    [
        (
            {"type": "channel", "date": START, "chat": CHANNEL, "message_id": 50},
            f"telegram:{NEWS}/50",
            f"telegram:{NEWS}",
        ),
        ({"type": "user", "date": START, "sender_user": user(4)}, f"telegram:forwarded/504/{START}", "telegram:504"),
        (
            {"type": "chat", "date": START, "sender_chat": SUPER},
            f"telegram:forwarded/{TALK}/{START}",
            f"telegram:{TALK}",
        ),
        ({"type": "hidden_user", "date": START, "sender_user_name": "Ann"}, None, None),
    ],
)
def test_what_is_forwarded_is_repeated(origin: dict[str, Any], repeated: str | None, author: str | None) -> None:
    post = read(message(9, forward_origin=origin))
    assert (post.kind, post.thread, post.repost_of_author) == ("repost", post.id, author)
    if repeated is not None:
        assert post.repost_of == repeated
    else:
        assert post.repost_of is not None and "Ann" not in post.repost_of
        assert read(message(99, forward_origin=origin)).repost_of == post.repost_of


def test_an_answer_to_another_chat_is_a_quote() -> None:
    origin = {"type": "channel", "date": START, "chat": CHANNEL, "message_id": 50}
    post = read(message(9, external_reply={"origin": origin, "chat": CHANNEL, "message_id": 50}))
    assert (post.kind, post.quote_of, post.quote_of_author) == ("quote", f"telegram:{NEWS}/50", f"telegram:{NEWS}")
    nameless = read(message(9, external_reply={"origin": {"type": "hidden_user", "date": START}}))
    assert (nameless.kind, nameless.quote_of, nameless.quote_of_author) == ("post", None, None)


# -- words -----------------------------------------------------------------------------------------------------------


def entity(kind: str, part: str, text: str, **extra: Any) -> dict[str, Any]:
    """An entity with Telegram's own counting."""
    before = text[: text.index(part)]
    return {
        "type": kind,
        "offset": len(before.encode("utf-16-le")) // 2,
        "length": len(part.encode("utf-16-le")) // 2,
    } | extra


def test_entities_are_links_hashtags_and_mentions() -> None:
    text = "🚀👩‍👩‍👧 see example.org and this, #Acme@acmenews $ACM @user_1 Ana https://example.org/b"
    marked = [
        entity("url", "example.org", text),
        entity("text_link", "this", text, url="https://example.org/a?b=c"),
        entity("text_link", "and", text, url="tg://user?id=1"),
        entity("hashtag", "#Acme@acmenews", text),
        entity("cashtag", "$ACM", text),
        entity("mention", "@user_1", text),
        entity("text_mention", "Ana", text, user=user(5)),
        entity("url", "https://example.org/b", text),
        {"type": "url", "offset": 900, "length": -5},
    ]
    post = read(message(1, text=text, entities=marked))
    assert post.links == ("https://example.org", "https://example.org/a?b=c", "https://example.org/b")
    assert (post.hashtags, post.mentions) == (("Acme",), ("user_1", "telegram:505"))


def test_a_caption_is_text() -> None:
    caption = {"caption": "Look #here", "caption_entities": [entity("hashtag", "#here", "Look #here")]}
    post = read(message(1, text="", photo=[{"file_id": "A"}], **caption))
    assert (post.text, post.hashtags) == ("Look #here", ("here",))


def test_a_poll_is_its_question_and_answers() -> None:
    options = [{"persistent_id": "1", "text": "Yes", "voter_count": 3}, {"persistent_id": "2", "text": "No"}]
    assert read(message(1, text="", poll={"id": "1", "question": "Good?", "options": options})).text == "Good?\nYes\nNo"


def test_a_rich_message_is_the_words_in_it() -> None:
    blocks = [
        {"type": "section_heading", "text": "Head", "size": 1},
        {
            "type": "paragraph",
            "text": ["It is ", {"type": "bold", "text": [{"type": "url", "text": "fine", "url": "x"}]}],
        },
        {"type": "list", "items": [{"label": "1. ", "blocks": [{"type": "paragraph", "text": "one"}]}]},
        {
            "type": "table",
            "cells": [[{"text": "a", "valign": "top"}, {"text": "b", "valign": "top"}]],
            "caption": "small",
        },
        {"type": "divider"},
        {"type": "thinking", "text": 5},
    ]
    text = read(message(1, text="", rich_message={"blocks": blocks})).text
    assert [line for line in text.splitlines() if line] == ["Head", "It is fine", "1.", "one", "a b", "small"]


@pytest.mark.parametrize(
    "extra",
    [
        {"new_chat_members": [user(2)]},
        {"pinned_message": message(3)},
        {"sticker": {"file_id": "A", "emoji": "🙂"}},
        {"text": " \n "},
        {"message_id": 0, "text": "to be sent later"},
    ],
)
def test_what_has_no_words_is_no_post(extra: dict[str, Any]) -> None:
    raw = message(1, text="") | extra
    assert read_message(msgspec.convert(raw, Message), Memory()) is None


def test_a_deletion_names_the_post() -> None:
    post = message(50, CHANNEL, sender=None)
    assert deletion(msgspec.convert(copy_of(post, 8), Message)) == Post(
        id=f"telegram:{NEWS}/50", op="delete", platform="telegram"
    )


@pytest.mark.parametrize("date", [10**18, -(10**18)])
def test_a_date_that_is_none_is_refused(date: int) -> None:
    with pytest.raises((ValueError, OverflowError, OSError)):
        read(message(1, date=date))
