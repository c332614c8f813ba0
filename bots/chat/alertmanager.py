"""A Prometheus Alertmanager: it gets every alert, as it is, and has routes, silences and people of its own.

POST <url>/api/v2/alerts    [{"labels": …, "annotations": …, "startsAt": …, "endsAt": …, "generatorURL": …}, …]
(https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)

As a Prometheus does, we say of what fires that it ends in a few minutes, and say it anew before then: when nothing is
heard from here any more it resolves by itself. The same alert sent twice is one, so no key is needed. Each of several
Alertmanagers that belong together is an outlet of its own: they sort out among themselves who tells.

Quotes are left out: what is deleted here could not be taken back there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from pydantic import Field, SecretStr

from bots.chat.base import ONE_PLACE, Message, Outcome, Outlet, OutletOptions
from bots.chat.options import BaseUrl
from bots.chat.post import attempt
from bots.chat.taming import clean
from streams.alerting.labels import labels
from streams.records import Alert

ALIVE: Final = timedelta(minutes=5)
"""Until when what fires is said to fire: several times as long as until it is said again (`places.KEPT_ALIVE`)."""


class AlertmanagerOptions(OutletOptions):
    """Every alert, unrouted, to a Prometheus Alertmanager."""

    kind: Literal["alertmanager"] = Field(default="alertmanager", description="What this outlet is.")
    url: BaseUrl = Field(description="Where it listens, with its prefix if it has one; without /api/v2.")
    token: SecretStr | None = Field(default=None, description="Bearer token, where something before it asks for one.")


class Alertmanager(Outlet):
    """See the module."""

    name = "alertmanager"
    options_type = AlertmanagerOptions
    options: AlertmanagerOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One POST of all alerts of the message; 2xx is delivered."""
        if to is not None:
            return ONE_PLACE
        headers = {"Content-Type": "application/json"}
        if self.options.token is not None:
            headers["Authorization"] = f"Bearer {self.options.token.get_secret_value()}"
        body = payload(message, self.tools.now())
        url = f"{self.options.url}/api/v2/alerts"
        return await attempt(self.tools.session, "POST", url, body, headers, self.options.timeout)


def payload(message: Message, now: datetime) -> bytes:
    """The body of the request. A message without alerts, such as a digest, is an empty list."""
    return msgspec.json.encode([_postable(alert, message, now) for alert in message.alerts])


def _postable(alert: Alert, message: Message, now: datetime) -> dict[str, Any]:
    """One alert. Its labels are its identity there: `id` keeps those apart that are alike in all others."""
    firing = alert.state == "firing"
    link = {"generatorURL": message.document.link} if message.document.link else {}
    return {
        "labels": {**labels(alert), "id": alert.fingerprint},
        "annotations": _annotations(alert),
        "startsAt": alert.started_at,
        "endsAt": now + ALIVE if firing else alert.ended_at or alert.at,
        **link,
    }


def _annotations(alert: Alert) -> dict[str, str]:
    """The title, and the figures as text."""
    found = {
        "summary": clean(alert.title),
        "value": f"{alert.value:g}",
        "baseline": f"{alert.baseline:g}",
        "interval": " ".join(f"{end:g}" for end in alert.interval or ()),
        "p_value": "" if alert.p_value is None else f"{alert.p_value:.3g}",
        "q_value": "" if alert.q_value is None else f"{alert.q_value:.3g}",
        "window": alert.window,
    }
    return {name: text for name, text in found.items() if text}
