"""The Stack Exchange API with two tags of one site, and a site that there is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.stackexchange import StackExchange
from bots.sources.stackexchange_api import StackExchangeOptions
from tests.contract.source_worlds import Told, World

PER_PAGE = 6
SITE = "stackoverflow"
START = 1_790_000_000
TEXTS = ("<p>It&#39;s <code>down</code></p>", "<p>火箭 🚀 e\u0301</p>", "<p>שלום &amp; مرحبا</p>", "<p>👩‍👩‍👧 ﷽</p>")
READ = ("It's down", "火箭 🚀 \u00e9", "שלום & مرحبا", "👩‍👩‍👧 ﷽")


class EagerStackExchange(StackExchange):
    """Every question is always due for another look, those that had fewer first: the suite's clock stands still."""

    waits_s: ClassVar[Sequence[float]] = tuple(float(second) for second in range(-10_000, 0))


class StackExchangeWorld(World):
    """20 questions, ten of which were active in one second, with answers and comments; pages of six."""

    source = EagerStackExchange

    def __init__(self) -> None:
        self.questions: dict[int, dict[str, Any]] = {number: self._question(number) for number in range(1, 21)}
        self.questions[3]["owner"] = {"user_type": "does_not_exist", "display_name": "user &lt;3"}
        self.questions[4]["answers"].append({"answer_id": "x"})
        self.questions[5]["comments"].append(None)
        self.gone: dict[str, None] = {}
        self.filters = 0

    def _written(self, number: int) -> dict[str, Any]:
        return {
            "body": TEXTS[number % 4],
            "creation_date": START + number,
            "score": number % 5 - 2,
            "owner": {"user_id": number % 7, "display_name": f"User {number % 7}", "user_type": "registered"},
            "link": f"https://stackoverflow.com/x/{number}",
        }

    def _question(self, number: int) -> dict[str, Any]:
        active = START + (1_000 if number <= 10 else number * 300)
        tags = ["python", "kafka"] if number % 5 == 0 else ["python"]
        return self._written(number) | {
            "question_id": number,
            "title": f"Question {number} &quot;&#39;",
            "last_activity_date": active,
            "tags": tags,
            "answer_count": 1,
            "comments": [self._comment(number * 10)],
            "answers": [self._answer(100 + number)],
        }

    def _answer(self, number: int) -> dict[str, Any]:
        return self._written(number) | {"answer_id": number, "comments": [self._comment(number * 10)]}

    def _comment(self, number: int) -> dict[str, Any]:
        return self._written(number) | {"comment_id": number}

    def options(self) -> SourceOptions:
        tags = ["nowhere/python", f"{SITE}/kafka", f"{SITE}/Python"]
        given = {"base_url": f"{self.url}/2.3", "tags": tags, "every": "5ms", "first": "365d"}
        return StackExchangeOptions.model_validate(given)

    async def serve(self, request: web.Request) -> web.Response:
        path, query = request.path.removeprefix("/2.3/"), request.query
        if path == "filters/create":
            self.filters += 1
            return _wrapped([{"filter": "!made", "filter_type": "safe"}])
        assert query["filter"] == "!made"
        if query["site"] != SITE:
            return web.json_response({"error_id": 400, "error_name": "bad_parameter"}, status=400)
        if path.startswith("questions/"):
            ids = [int(part) for part in path.removeprefix("questions/").split(";")]
            return _wrapped([self.questions[number] for number in ids if number in self.questions])
        assert (query["sort"], query["order"]) == ("activity", "asc")
        found = [
            question
            for question in sorted(self.questions.values(), key=lambda question: question["last_activity_date"])
            if query["tagged"] in question["tags"] and question["last_activity_date"] >= int(query["min"])
        ]
        first = (int(query["page"]) - 1) * PER_PAGE
        odd = [None, {"question_id": 77}, self._question(78) | {"title": 5}] if first == 0 else []
        return _wrapped([*odd, *found[first : first + PER_PAGE]], more=first + PER_PAGE < len(found))

    def change(self) -> bool:
        self.questions[2] |= {"body": "<p>edited</p>", "last_activity_date": START + 9_000}
        self.questions[6]["answers"].append(self._answer(206))
        self.questions[6]["last_activity_date"] = START + 9_001
        self.questions[21] = self._question(21) | {"last_activity_date": START + 9_002}
        self.questions[8]["comments"].append(self._comment(888))  # no activity
        del self.questions[9]["answers"][0], self.questions[15]
        for name in ("109", "comment-1090", "15", "comment-150", "115", "comment-1150"):
            self.gone[name] = None
        return True

    def expected(self) -> dict[str, Told | None]:
        told: dict[str, Told | None] = {f"stackexchange:{SITE}/{name}": None for name in self.gone}
        for number, question in self.questions.items():
            root = f"stackexchange:{SITE}/{number}"
            told[root] = _told(question, None, root, before=f"Question {number} \"'\n\n")
            self._comments(told, question["comments"], root, root)
            for answer in question["answers"]:
                if "body" in answer:
                    post_id = f"stackexchange:{SITE}/{answer['answer_id']}"
                    told[post_id] = _told(answer, root, root)
                    self._comments(told, answer["comments"], post_id, root)
        return told

    def _comments(self, told: dict[str, Told | None], comments: list[Any], above: str, root: str) -> None:
        for comment in comments:
            if comment is not None:
                told[f"stackexchange:{SITE}/comment-{comment['comment_id']}"] = _told(comment, above, root)

    def bad(self) -> int:
        return 5


def _told(item: dict[str, Any], above: str | None, root: str, before: str = "") -> Told:
    body, owner = item["body"], item["owner"]
    text = READ[TEXTS.index(body)] if body in TEXTS else "edited"
    user = owner.get("user_id", "~user <3")
    author = f"stackexchange:{SITE}/user-{user}"
    return {"text": before + text, "reply_to": above, "thread": root, "author": author}


def _wrapped(items: list[Any], *, more: bool = False) -> web.Response:
    return web.json_response({"items": items, "has_more": more, "quota_max": 10**9, "quota_remaining": 10**9})
