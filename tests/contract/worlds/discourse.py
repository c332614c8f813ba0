"""Two Discourse forums on one host, one of them in a folder, as current servers give them: 50 posts below a number."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.discourse import Discourse, DiscourseOptions
from tests.contract.source_worlds import Told, World

QUOTE = '<aside class="quote" data-username="ann" data-post="1" data-topic="{topic}"><div class="title">ann:</div>'
TEXTS = {  # raw -> (HTML, the text a person reads)
    "plain": ("<p>It&rsquo;s <b>fine</b></p>", "It’s fine"),
    "two": ("<p>one</p>\n<p>two<br>three</p>", "one\n\ntwo\nthree"),
    "emoji": ("<p>שלום 👩‍👩‍👧‍👦 e\u0301 \u202e</p>", "שלום 👩‍👩‍👧‍👦 é \u202e"),
    "quoting": (QUOTE + "<blockquote><p>not mine</p></blockquote></aside><p>but this is</p>", "but this is"),
    "box": ('<aside class="onebox" data-onebox-src="https://example.org/a"><p>preview</p></aside>', "preview"),
    "code": ("<pre><code>a &lt; b</code></pre>", "a < b"),
}
RAWS = list(TEXTS)


class DiscourseWorld(World):
    """150 numbers: topics of ten posts, answers to answers, and what is private, hidden, deleted, odd or broken."""

    source = Discourse

    def __init__(self) -> None:
        self.forums: dict[str, dict[int, Any]] = {"": self._forum(150), "/sub": self._forum(7)}
        main = self.forums[""]
        for number in (33, 34, 35):  # private messages take numbers, too
            del main[number]
        main[44] |= {"post_type": 3, "action_code": "closed.enabled", "cooked": "", "raw": ""}
        main[55] |= {"hidden": True, "cooked": "<p>This post was flagged by the community.</p>"}
        main[66] |= {"user_deleted": True, "cooked": "<p>(post deleted by author)</p>"}
        main[77] |= {"created_at": "yesterday"}
        main[88] |= {"id": "88"}
        main[99] |= {"topic_id": None}
        main[110] |= {"cooked": '<p><img src="/a.png"></p>', "raw": "![a](/a.png)"}
        main[4] |= {"reply_to_post_number": 3, "reply_to_user": {"username": "user3", "name": None}}
        self.unlisted: set[int] = set()
        self.gone: set[int] = set()

    def _forum(self, numbers: int) -> dict[int, Any]:
        return {number: self._record(number) for number in range(1, numbers + 1)}

    def _record(self, number: int) -> Any:
        topic, within = 100 + (number - 1) // 10, (number - 1) % 10 + 1
        raw = RAWS[number % len(RAWS)]
        return {
            "id": number,
            "topic_id": topic,
            "post_number": within,
            "username": f"user{number % 5}",
            "name": "",
            "user_id": number % 5,
            "created_at": f"2026-06-01T10:{number % 60:02}:00.123Z",
            "cooked": TEXTS[raw][0].replace("{topic}", str(topic)),
            "raw": raw,
            "topic_title": f"Topic <{topic}> & more",
            "topic_slug": "topic-and-more",
            "reply_to_post_number": None,
            "post_type": 1,
            "version": 1,
            "actions_summary": [{"id": 2, "count": number}, {"id": 3}],
            "hidden": False,
            "user_deleted": False,
            "deleted_at": None,
        }

    def options(self) -> SourceOptions:
        return DiscourseOptions.model_validate(
            {"forums": [self.url, f"{self.url}/sub/"], "poll": "10ms", "pause": "1ms", "first": 1_000}
        )

    async def serve(self, request: web.Request) -> web.Response:
        folder = "/sub" if request.path.startswith("/sub/") else ""
        forum, path = self.forums[folder], request.path.removeprefix(folder)
        hidden = self.unlisted if not folder else set[int]()
        if path == "/posts.json":
            before = int(request.query.get("before", 0)) or 10_000
            numbers = sorted((number for number in forum if number < before and number not in hidden), reverse=True)
            page: list[Any] = [forum[number] for number in numbers[:50]]
            return web.json_response({"latest_posts": page}, dumps=_dump)
        number = int(path.removeprefix("/posts/").removesuffix(".json"))
        if number not in forum:
            raise web.HTTPNotFound
        return web.json_response(forum[number], dumps=_dump)

    def change(self) -> bool:
        main = self.forums[""]
        main[141] |= {"topic_title": "Another title"}
        main[143] |= {"raw": "plain", "cooked": TEXTS["plain"][0] + "<p>edited</p>", "version": 2}
        main[144] |= {"version": 2, "actions_summary": [{"id": 2, "count": 900}]}  # no other words: no news
        main[145] |= {"hidden": True}
        main[146] |= {"topic_id": 300, "post_number": 2}
        self.gone.add(147)
        del main[147]
        self.unlisted.add(148)
        for number in range(151, 181):
            main[number] = self._record(number)
        self.forums["/sub"][8] = self._record(8)
        return True

    def bad(self) -> int:
        return 3

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {}
        for folder, forum in self.forums.items():
            host = f"{urlsplit(self.url).netloc}{folder}"
            for number, record in forum.items():
                if (folder, number) in {("", broken) for broken in (44, 55, 66, 77, 88, 99, 110)}:
                    continue
                told[self._id(host, record)] = None if record["hidden"] else self._told(host, record)
            if not folder and self.gone:
                told[f"discourse:{host}/114/7"] = None
                told[f"discourse:{host}/114/6"] = None  # moved
        return told

    def _id(self, host: str, record: Any) -> str:
        return f"discourse:{host}/{record['topic_id']}/{record['post_number']}"

    def _told(self, host: str, record: Any) -> Told:
        text = TEXTS[record["raw"]][1] + ("\n\nedited" if "edited" in record["cooked"] else "")
        if record["post_number"] == 1:
            text = f"{record['topic_title']}\n\n{text}"
        root = f"discourse:{host}/{record['topic_id']}/1"
        answered = f"discourse:{host}/{record['topic_id']}/{record['reply_to_post_number'] or 1}"
        return {
            "text": text,
            "author": f"discourse:{host}/{record['username']}",
            "thread": root,
            "reply_to": None if record["post_number"] == 1 else answered,
        }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
