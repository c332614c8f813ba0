"""`/api/alerts`: what fires, in words, and whether it is silenced. Every worker reads the whole topic: any answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import msgspec
from aiohttp import web

from config.language import Lang, language_of
from config.schema import Config
from streams.alerting import words
from streams.alerting.silences import Silence, silenced
from streams.api import alert_answers as answers
from streams.api.problems import unknown
from streams.api.service_routes import Handler, reply
from streams.records import Alert


class AlertRoutes:
    """Handlers of the table `routes.ALERTS`, by operation. `silences`: all that there are."""

    def __init__(
        self,
        config: Config,
        alerts: Callable[[], Sequence[Alert]],
        silences: Callable[[], Collection[Silence]],
        now: Callable[[], datetime],
    ) -> None:
        self._names = {brand.name: brand.display for brand in config.brands}
        self._alerts, self._silences, self._now = alerts, silences, now

    def handlers(self) -> dict[str, Handler]:
        """Operation -> handler."""
        return {"alerts": self.alerts, "alert": self.alert}

    async def alerts(self, request: web.Request) -> web.Response:
        """The newest first; their titles as they were told, or in the language that is asked for."""
        newest = sorted(self._alerts(), key=lambda alert: alert.at, reverse=True)
        if request.query.get("say"):
            lang = _lang(request)
            newest = [msgspec.structs.replace(alert, title=self._title(alert, lang)) for alert in newest]
        return reply(answers.Alerts([self._shown(alert) for alert in newest]))

    async def alert(self, request: web.Request) -> web.Response:
        """One of them, in words."""
        alert = find(self._alerts(), request)
        lang = _lang(request)
        shown, title = self._shown(alert), self._title(alert, lang)
        return reply(answers.AlertInWords(shown, title, words.reasons(alert, lang)))

    def _title(self, alert: Alert, lang: Lang) -> str:
        return words.title(alert, self._names.get(alert.brand, alert.brand), lang)

    def _shown(self, alert: Alert) -> answers.ShownAlert:
        found = silenced(alert, self._silences(), self._now())
        return answers.ShownAlert(**msgspec.structs.asdict(alert), silenced=found)


def _lang(request: web.Request) -> Lang:
    return language_of(request.query.get("say"))


def find(alerts: Sequence[Alert], request: web.Request) -> Alert:
    """The alert that the path names. Raises `Problem`."""
    name = request.match_info["fingerprint"]
    found = next((alert for alert in alerts if alert.fingerprint == name), None)
    if found is None:
        raise unknown("alert", name, [alert.fingerprint for alert in alerts])
    return found
