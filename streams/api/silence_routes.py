"""`/api/silences` and acknowledgements: who is not to be told of what, until when. Each change is written down first.

A web page elsewhere cannot order anything: a browser sends neither JSON nor DELETE to another site without asking
first, and this service allows it nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec
from aiohttp import web
from aiokafka.errors import KafkaError

from streams.alerting import silencing
from streams.alerting.silences import Silence
from streams.api import alert_answers as answers
from streams.api.alert_routes import find
from streams.api.bodies import order_of
from streams.api.problems import Problem, unavailable, unknown
from streams.api.service_routes import Handler, reply
from streams.audit import Audit, Line
from streams.records import Alert

MOST_BY: Final = 100  # characters
MOST_COMMENT: Final = 500
MOST_SILENCES: Final = 1_000
"""That hold or will. Each alert is held against all of them, by every worker and the chat."""


class Known(Protocol):
    """The silences as they stand (`streams.alerting.silences.TailSilences`)."""

    def get(self, name: str) -> Silence | None:
        """The one with this id."""

    def all(self) -> Collection[Silence]:
        """Every one, also those that are over."""

    def keep(self, silence: Silence) -> None:
        """One that was published a moment ago, and has not come back yet."""


class SilenceRoutes:
    """Handlers of the table `routes.SILENCES`, by operation. `publish` returns once Kafka holds the silence."""

    def __init__(
        self,
        known: Known,
        publish: Callable[[Silence], Awaitable[None]],
        alerts: Callable[[], Sequence[Alert]],
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        self.known, self._publish, self._alerts, self._audit, self._now = known, publish, alerts, audit, now

    def handlers(self) -> dict[str, Handler]:
        """Operation -> handler."""
        return {
            "acknowledge": self.acknowledge,
            "silences": self.silences,
            "silence": self.silence,
            "end_silence": self.end_silence,
        }

    async def acknowledge(self, request: web.Request) -> web.Response:
        """This episode is not told any more; to do it again only changes who and why."""
        given, alert = await order_of(request, answers.Acknowledge), find(self._alerts(), request)
        if alert.state != "firing":
            raise Problem(409, "the alert is over: there is nothing to acknowledge")
        by, comment = _line(given.by, MOST_BY), _line(given.comment, MOST_COMMENT)
        made = silencing.acknowledgement(alert, by, comment, self._now())
        await self._order(made, "ack", by, request)
        return reply(self._shown(made, alert))

    async def silences(self, _request: web.Request) -> web.Response:
        """The newest first."""
        newest = sorted(self.known.all(), key=lambda silence: (silence.at, silence.id), reverse=True)
        standing = {alert.fingerprint: alert for alert in self._alerts()}
        return reply(answers.Silences([self._shown(each, standing.get(each.fingerprint)) for each in newest]))

    async def silence(self, request: web.Request) -> web.Response:
        """A new one."""
        given = await order_of(request, answers.AskSilence)
        others = [each for each in self.known.all() if not each.is_acknowledgement]
        if sum(each.state_at(self._now()) != "expired" for each in others) >= MOST_SILENCES:
            raise Problem(409, f"there are {MOST_SILENCES:,} silences that hold or will: end some first")
        by, comment = _line(given.by, MOST_BY), _line(given.comment, MOST_COMMENT)
        try:
            made = silencing.asked(
                given.matchers,
                self._now(),
                length=given.length,
                ends_at=given.ends_at,
                starts_at=given.starts_at,
                by=by,
                comment=comment,
            )
        except ValueError as error:
            raise Problem(400, str(error)) from error
        await self._order(made, "silence", by, request)
        return reply(self._shown(made), 201)

    async def end_silence(self, request: web.Request) -> web.Response:
        """It ends now; one that is over already stays as it is."""
        name = request.match_info["id"]
        found = self.known.get(name)
        if found is None:
            raise unknown("silence", name, [each.id for each in self.known.all()])
        ended = silencing.ended(found, self._now())
        if ended != found:
            order = "unack" if ended.is_acknowledgement else "unsilence"
            await self._order(ended, order, _line(request.query.get("by", ""), MOST_BY), request)
        return reply(self._shown(ended))

    async def _order(self, silence: Silence, order: str, by: str, request: web.Request) -> None:
        """Write it down, then publish. Raises `Problem`."""
        about = silence.fingerprint or ", ".join(silence.matchers)
        try:
            self._audit.write(Line(self._now(), order, "", by, request.remote or "", about, silence.id))
        except OSError as error:
            raise unavailable(f"nothing was done: the audit cannot be written: {error.strerror}") from error
        try:
            await asyncio.shield(self._publish(silence))  # the audit has it: who goes away does not stop it
        except KafkaError as error:
            raise unavailable(f"Kafka did not take the order; ask again: {error}") from error
        self.known.keep(silence)

    def _shown(self, silence: Silence, alert: Alert | None = None) -> answers.ShownSilence:
        """`alert`: the one that is acknowledged, as it is now; with its episode the acknowledgement is over."""
        over = silence.is_acknowledgement and (alert is None or not silence.covers(alert))
        state = "expired" if over else silence.state_at(self._now())
        return answers.ShownSilence(**msgspec.structs.asdict(silence), state=state)


def _line(text: str, most: int) -> str:
    """What somebody wrote, on one line: it is shown in lists, chats and terminals."""
    return " ".join(text.split())[:most]
