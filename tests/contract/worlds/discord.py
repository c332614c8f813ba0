"""A Discord server of the contract suite: channels, threads, a forum, bots, and what is not to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.discord import Discord
from bots.sources.discord_options import DiscordOptions
from tests.bots.sources.discord_server import GUILD, OWN, TOKEN, DiscordServer, Record, user
from tests.contract.source_worlds import Told, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
BEGIN = NOON - 5 * 3_600
LATER = NOON - 120
CHAT, NEWS, VOICE, FORUM, HALL = "10", "11", "12", "15", "19"
ODD = (
    ("**bold** _it_ ~~no~~ `x*y`", "bold it no x*y"),
    ("naïve ñandú 日本語 👩‍👩‍👧‍👦", "naïve ñandú 日本語 👩‍👩‍👧‍👦"),
    ("e\u0301 a\n> quoted\n\n\n\nend", "é a\nquoted\n\nend"),
    ("<@102> and <@!103> in <#11> at <t:1795000000:R>", "@User 102 and @103 in #place-11 at 2026-11-18 11:06 UTC"),
    ("<a:party:123> ||secret|| [site](https://example.org/a) <https://example.org/b>", None),
    ("# Heading\n- </help:5> & <@&77>", "Heading\n- /help & @role"),
)
BOX = {
    "type": 17,
    "id": 1,
    "accent_color": None,
    "spoiler": False,
    "components": [{"type": 10, "id": 2, "content": "v2 words"}],
}
POLL = {
    "question": {"text": "Tea?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "Yes"}}],
    "expiry": "2026-11-24T12:00:00.000000+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
    "results": {"answer_counts": [], "is_finalized": False},
}
LINKS = ":party: secret site https://example.org/b"


class QuickDiscord(Discord):
    """A suite cannot wait half a minute for a sign of life."""

    beat_s: ClassVar[float] = 0.01
    calm_s: ClassVar[tuple[float, float]] = (0.0, 0.0)


class LookingDiscord(QuickDiscord):
    """Looks at everything again and again."""

    waits_s: ClassVar[Sequence[float]] = tuple(float(second) for second in range(-10_000, 0))


class DiscordWorld(World):
    """150 messages and what hangs on them. `resumes`: changes come by events, else the session is lost meanwhile."""

    def __init__(self, *, resumes: bool) -> None:
        self.source = QuickDiscord if resumes else LookingDiscord
        self._resumes = resumes
        self.discord = DiscordServer()
        self._expected: dict[str, Told | None] = {}
        for number, kind in ((CHAT, 0), (NEWS, 5), (VOICE, 2), (FORUM, 15), (HALL, 0), ("4", 4)):
            self.discord.channel(number, kind)
        self.said = [self._talk(index) for index in range(130)]
        first, answer = self.said[7], self.said[8]
        reply = self._reply(CHAT, "an answer", 200, first)
        self._told(reply, "an answer", reply_to=first, thread=None)
        deep = self._reply(CHAT, "to the answer", 201, reply)
        self._told(deep, "to the answer", reply_to=reply, thread=None)
        self._threads(answer)
        self._things()
        self._untold()

    def _talk(self, index: int) -> Record:
        source, text = ODD[index % len(ODD)]
        record = self.discord.say(
            CHAT, f"{source} {index}", BEGIN + index, user(str(101 + index % 5)), mentions=[user("102")]
        )
        self._told(record, f"{text or LINKS} {index}")
        return record

    def _reply(self, place: str, text: str, at: int, parent: Record) -> Record:
        named = {"type": 0, "message_id": parent["id"], "channel_id": parent["channel_id"], "guild_id": GUILD}
        more = {"type": 19, "message_reference": named, "referenced_message": parent}
        return self.discord.say(place, text, BEGIN + at, user("104"), **more)

    def _threads(self, hung: Record) -> None:
        """One on a message, which the system repeats on top; one begun without; forum posts, three at rest."""
        self.discord.thread(hung["id"], CHAT)
        self.discord.say(hung["id"], "", BEGIN + 300, type=21)
        for index in range(3):
            record = self.discord.say(hung["id"], f"aside {index}", BEGIN + 301 + index)
            self._told(record, f"aside {index}", reply_to=hung, thread=hung)
        number = self._free(310)
        self.discord.thread(str(number), NEWS)
        record = self.discord.say(str(number), "begun without", BEGIN + 311)
        self._told(record, "begun without", thread={"channel_id": NEWS, "id": str(number)})
        for index in range(5):
            self._forum_post(320 + 10 * index, archived=NOON - 600 - index if index > 1 else None)
        self.discord.thread("88", CHAT, kind=12)
        self.discord.say("88", "in private", BEGIN + 390)

    def _forum_post(self, at: int, archived: float | None) -> Record:
        number = self._free(at)
        self.discord.thread(str(number), FORUM, archived=archived)
        top = self.discord.say(str(number), f"question {at}", BEGIN + at, number=number)
        self._told(top, f"question {at}", thread=top)
        record = self.discord.say(str(number), "me too", BEGIN + at + 1, user("105"))
        self._told(record, "me too", reply_to=top, thread=top)
        return record

    def _free(self, at: int) -> int:
        self.discord.channel("1")
        number = int(self.discord.say("1", "", BEGIN + at)["id"])
        del self.discord.channels["1"], self.discord.messages["1"]
        return number

    def _things(self) -> None:
        """Messages without words of their own, and those of machines."""
        picture = {"id": "1", "filename": "a.png", "size": 1, "url": "https://x", "proxy_url": "https://x"}
        shown: list[tuple[dict[str, Any], str]] = [
            ({"sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]}, "[sticker Wave]"),
            ({"attachments": [{**picture, "content_type": "image/png"}]}, "[image]"),
            ({"attachments": [{**picture, "description": "a cat"}]}, "a cat"),
            ({"embeds": [{"type": "rich", "title": "Release", "description": "It *is* out"}]}, "Release\nIt is out"),
            ({"components": [BOX]}, "v2 words"),
            ({"poll": POLL}, "Tea?\nYes"),
        ]
        for index, (more, text) in enumerate(shown):
            self._told(self.discord.say(NEWS, "", BEGIN + 400 + index, **more), text)
        bot = self.discord.say(NEWS, "beep", BEGIN + 410, user("800", bot=True))
        self._told(bot, "beep")
        hook = self.discord.say(
            VOICE, "deployed", BEGIN + 411, user("801", username="CI", global_name=None), webhook_id="801"
        )
        self._told(hook, "deployed")
        original = self.said[3]
        named = {"type": 1, "message_id": original["id"], "channel_id": CHAT, "guild_id": GUILD}
        left_out = ("id", "channel_id", "author", "pinned", "mention_everyone", "tts")
        snapshot = [{"message": {key: value for key, value in original.items() if key not in left_out}}]
        forward = self.discord.say(
            NEWS, "", BEGIN + 412, message_reference=named, message_snapshots=snapshot, flags=1 << 14
        )
        self._told(forward, f"{ODD[3][1]} 3")

    def _untold(self) -> None:
        """What the system or we ourselves say, what says nothing, what is closed, what is broken."""
        self.discord.say(CHAT, "", BEGIN + 420, type=7)
        self.discord.say(CHAT, "alert!", BEGIN + 421, user(OWN, bot=True))
        self.discord.say(CHAT, "", BEGIN + 422)
        self.discord.say(HALL, "behind closed doors", BEGIN + 423)
        self.discord.forbidden.add(HALL)
        for broken in ({"author": None}, {"timestamp": "yesterday"}, {"content": 5}):
            self.discord.say(CHAT, "broken", BEGIN + 424).update(broken)

    def _told(self, record: Record, text: str, **named: Any) -> None:
        thread = named.get("thread", record)
        self._expected[_id(record)] = {
            "text": text,
            "author": f"discord:{record['author']['id']}",
            "reply_to": _id(named["reply_to"]) if "reply_to" in named else None,
            "thread": _id(thread) if thread else None,
        }

    def options(self) -> SourceOptions:
        return DiscordOptions.model_validate(
            {"token": TOKEN, "guilds": [GUILD], "first": "1d", "base_url": f"{self.url}/api/v10"}
        )

    async def serve(self, request: web.Request) -> web.Response:
        self.discord.url = self.url
        return cast(web.Response, await self.discord.serve(request))

    def change(self) -> bool:
        if not self._resumes:
            self.discord.lose_sessions()
        for index in (100, 2):
            self.discord.edit(self.said[index], content=f"edited {index}")
            self._expected[_id(self.said[index])] = {
                **(self._expected[_id(self.said[index])] or {}),
                "text": f"edited {index}",
            }
        gone = [self.said[20], self.said[21], self.said[129]]
        self.discord.delete(*gone[:2])
        self.discord.delete(gone[2])
        self._expected |= {_id(record): None for record in gone}
        for index in range(3):
            self._told(self.discord.say(NEWS, f"news {index}", LATER + index), f"news {index}")
        place = self.said[8]["id"]
        late = self.discord.say(place, "late aside", LATER + 5)
        self._told(late, "late aside", reply_to=self.said[8], thread=self.said[8])
        return True

    def bad(self) -> int:
        return 3

    def expected(self) -> dict[str, Told | None]:
        return self._expected


def _id(record: Record) -> str:
    return f"discord:{record['channel_id']}/{record['id']}"
