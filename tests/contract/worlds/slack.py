"""A Slack workspace of the contract suite: channels, threads, apps, and what is not to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar, cast

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.slack import Slack
from bots.sources.slack_options import SlackOptions
from tests.bots.sources.slack_server import APP_TOKEN, BOT_TOKEN, OWN, OWN_BOT, TEAM, Record, SlackServer
from tests.contract.source_worlds import Told, World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
BEGIN = NOON - 5 * 3_600
LATER = NOON - 120
TALK, NEWS, OUT = "C100", "C200", "C300"
ODD = (
    ("*bold* _it_ ~no~ `x*y` 2 * 3", "bold it no x*y 2 * 3"),
    ("naïve ñandú 日本語 👩‍👩‍👧‍👦 &lt;3 &amp; more", "naïve ñandú 日本語 👩‍👩‍👧‍👦 <3 & more"),
    ("e\u0301 :tada:\n&gt; quoted\nend", "é :tada:\nquoted\nend"),
    ("<@U2> and <@U9|guest> in <#C200> or <#C7|lounge>", "@Bea and @guest in #news or #lounge"),
    ("<https://example.org/a?b=1&amp;c|site> <https://example.org/b> <mailto:x@y.z|x@y.z>", None),
    ("<!here> <!subteam^S1|@team> <!date^1^{date}|in 1970>", "@here @team in 1970"),
)
LINKS = "site https://example.org/b x@y.z"


class QuickSlack(Slack):
    """A suite cannot wait half a minute for a sign of life, and looks at everything again and again."""

    beat_s: ClassVar[float] = 0.01
    waits_s: ClassVar[Sequence[float]] = tuple(float(second) for second in range(-10_000, 0))


class SlackWorld(World):
    """110 messages and what hangs on them, given out forty at a time."""

    source = QuickSlack

    def __init__(self) -> None:
        self.slack = SlackServer(page=40)
        self._expected: dict[str, Told | None] = {}
        for number, name in ((TALK, "talk"), (NEWS, "news")):
            self.slack.channel(number, name)
        self.slack.channel(OUT, "outside", is_member=False)
        self.slack.channel("C400", "private", is_private=True)
        for number, display in (("U1", "Ana"), ("U2", "Bea"), ("U3", "")):
            self.slack.user(number, display)
        self.said = [self._talk(index) for index in range(110)]
        self._threads()
        self._machines()
        self._untold()

    def _talk(self, index: int) -> Record:
        source, text = ODD[index % len(ODD)]
        record = self.slack.say(TALK, f"{source} {index}", BEGIN + index * 10, f"U{1 + index % 3}")
        return self._told(TALK, record, f"{text or LINKS} {index}")

    def _threads(self) -> None:
        for index in range(45):
            record = self.slack.reply(TALK, self.said[5], f"reply {index}", BEGIN + 2_000 + index)
            self._told(TALK, record, f"reply {index}", self.said[5])
        loud = self.slack.reply(TALK, self.said[7], "for all", BEGIN + 2_100, subtype="thread_broadcast")
        self._told(TALK, loud, "for all", self.said[7])
        # The first message is older than the first start reaches back, its answer is not.
        self.old = self.slack.say(TALK, "long ago", NOON - 2 * 86_400)
        late = self.slack.reply(TALK, self.old, "late answer", BEGIN + 2_200)
        self._told(TALK, late, "late answer", self.old)

    def _machines(self) -> None:
        bot = self.slack.say(NEWS, "", BEGIN + 2_300, None, subtype="bot_message", bot_id="B7", username="ci")
        bot |= {"attachments": [{"id": 1, "title": "Build", "text": "is *green*", "ts": 1_795_000_000}]}
        self._told(NEWS, bot, "Build\nis green", who="B7")
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "in <#C100>"}}]
        self._told(NEWS, self.slack.say(NEWS, "", BEGIN + 2_301, blocks=blocks), "in #talk")
        files = [{"id": "F1", "title": "Plan", "name": "plan.pdf", "mimetype": "application/pdf"}]
        upload = self.slack.say(NEWS, "", BEGIN + 2_302, subtype="file_share", files=files, upload=True)
        self._told(NEWS, upload, "[Plan]")

    def _untold(self) -> None:
        """What says that people came, what we say ourselves, what says nothing, what is elsewhere, what is broken."""
        self.slack.say(TALK, "<@U1> has joined the channel", BEGIN + 2_400, subtype="channel_join")
        self.slack.say(TALK, "alert!", BEGIN + 2_401, OWN, bot_id=OWN_BOT)
        self.slack.say(TALK, "", BEGIN + 2_402)
        self.slack.say("C400", "in private", BEGIN + 2_403)
        self.slack.say(OUT, "outside", BEGIN + 2_404)
        self.slack.say(TALK, "nobody's", BEGIN + 2_405, None)
        for broken in ({"text": 5}, {"files": "none"}):
            self.slack.say(TALK, "broken", BEGIN + 2_406).update(broken)

    def _told(self, channel: str, record: Record, text: str, parent: Record | None = None, who: str = "") -> Record:
        own = f"slack:{TEAM}/{channel}/{record['ts']}"
        root = f"slack:{TEAM}/{channel}/{parent['ts']}" if parent else None
        author = f"slack:{TEAM}/{who or record['user']}"
        self._expected[own] = {"text": text, "author": author, "reply_to": root, "thread": root or own}
        return record

    def options(self) -> SourceOptions:
        tokens = {"app_token": APP_TOKEN, "bot_token": BOT_TOKEN}
        return SlackOptions.model_validate({**tokens, "base_url": f"{self.url}/api"})

    async def serve(self, request: web.Request) -> web.Response:
        self.slack.url = self.url
        return cast(web.Response, await self.slack.serve(request))

    def change(self) -> bool:
        for record in (self.said[100], self.said[2]):
            self.slack.edit(TALK, record, "edited *now*")
            before = self._expected[f"slack:{TEAM}/{TALK}/{record['ts']}"] or {}
            self._expected[f"slack:{TEAM}/{TALK}/{record['ts']}"] = {**before, "text": "edited now"}
        replies = [each for each in self.slack.messages[TALK] if each.get("thread_ts") == self.said[5]["ts"]]
        for record in (self.said[20], self.said[109], replies[4], self.said[7]):  # the last one leaves a tombstone
            self.slack.delete(TALK, record)
            self._expected[f"slack:{TEAM}/{TALK}/{record['ts']}"] = None
        for index in range(3):
            self._told(NEWS, self.slack.say(NEWS, f"news {index}", LATER + index), f"news {index}")
        aside = self.slack.reply(TALK, self.said[5], "once more", LATER + 5)
        self._told(TALK, aside, "once more", self.said[5])
        return True

    def bad(self) -> int:
        return 3

    def expected(self) -> dict[str, Told | None]:
        return self._expected
