"""One rule, asked directly: a judge is a function of the ledger, the clock and the alerts that stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from config.alert_rule import Rule
from config.schema import Alerts, Brand, Config, Views
from streams.alerting.about import About
from streams.alerting.kinds import JUDGES
from streams.alerting.pace import pace
from streams.alerting.question import SUBJECT, Question, Verdict
from streams.alerting.sight import Kept, Sight
from streams.alerting.windows import floor
from streams.desk import Desk
from streams.records import Alert
from streams.views.rows import Rows
from streams.views.voice import ShareOfVoice, share_of_voice, voice_counts
from streams.views.window import Window
from tests.streams.alerting.world import NOW

ACME = Brand(name="acme", title="Acme", terms=("acme",))
EVERY = timedelta(seconds=15)
LONG_AGO = NOW - timedelta(days=365)


def rule(kind: str, **options: Any) -> Rule:
    """A rule as the configuration makes it; `for` is given as `for_`."""
    named = {name.rstrip("_"): value for name, value in options.items()}
    return Alerts.model_validate({"rules": [{"kind": kind, **named}]}).rules[0]


class Asking:
    """Asks one rule about the brand `acme`. `desks`: of all brands, for the share of voice."""

    def __init__(self, wanted: Rule, desk: Desk, desks: Mapping[str, Desk] | None = None, **settings: Any) -> None:
        self.rule, self.desk, self.desks = wanted, desk, desks or {"acme": desk}
        brands = tuple(ACME if name == "acme" else Brand(name=name, terms=(name,)) for name in self.desks)
        self.config = Config(brands=brands, views=Views(min_posts=5, min_authors=3), **settings)
        self.kept, self.about_words = Kept(), About(desk)
        self.unreachable = False

    async def share(self, brand: str, window: Window) -> ShareOfVoice | None:
        if self.unreachable:
            return None
        counts = {name: voice_counts(desk.frame(name).rows(window)) for name, desk in self.desks.items()}
        return share_of_voice(brand, counts)

    async def about(self, brand: Brand, words: Sequence[str], window: Window) -> Rows:
        return await self.about_words.about(brand, words, window)

    def question(self, at: datetime, standing: Sequence[Alert], since: datetime) -> Question[Rule]:
        sight = Sight(self.config.brand("acme"), self.desk.frame("acme").snapshot(), self.config, {}, self, self.kept)
        step = pace(self.rule, EVERY)
        return Question(self.config.brand("acme"), self.rule, sight, floor(at, step), step, since, standing)

    async def all(
        self, at: datetime = NOW, standing: Sequence[Alert] = (), since: datetime = LONG_AGO
    ) -> Sequence[Verdict] | None:
        return await JUDGES[type(self.rule)](self.question(at, standing, since))

    async def one(
        self, at: datetime = NOW, standing: Sequence[Alert] = (), since: datetime = LONG_AGO
    ) -> Verdict | None:
        """The only verdict of a rule without subjects."""
        found = await self.all(at, standing, since)
        if found is None:
            return None
        (verdict,) = found
        return verdict

    def firing(self, since: datetime, subject: str = "", **more: Any) -> Alert:
        """An alert of this rule that has gone on since then."""
        details: dict[str, str | float] = {SUBJECT: subject} if subject else {}
        alert = Alert(
            "f", self.rule.name, "acme", "firing", since, since, "", 1, 0, kind=self.rule.kind, details=details
        )
        return msgspec.structs.replace(alert, **more)
