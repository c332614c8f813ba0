"""One look at the rules: every rule that is due, of every brand held here, is asked what it finds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.alert_rule import Rule
from config.alert_rules import VoiceLoss
from config.alerts import VolumeSpike
from config.schema import Brand, Config
from streams.alerting import fdr
from streams.alerting.about import About
from streams.alerting.clock import length_ms
from streams.alerting.group import Ask, Group
from streams.alerting.kinds import JUDGES, by_chance
from streams.alerting.pace import pace, reach
from streams.alerting.question import Question, Verdict
from streams.alerting.sight import Kept, Sight
from streams.alerting.watching import watched_since
from streams.alerting.windows import floor
from streams.desk import Desk
from streams.records import Alert
from streams.views.asked import Confusion
from streams.views.rows import Rows
from streams.views.voice import ShareOfVoice
from streams.views.window import Window

AnyRule = Rule | VolumeSpike


@dataclass(frozen=True, slots=True)
class Found:
    """What one rule found; the question it was asked has the alerts that stand."""

    question: Question[AnyRule]
    verdict: Verdict
    ruling: fdr.Ruling | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule that was asked, and all that it found; None: nobody can say."""

    question: Question[AnyRule]
    verdicts: Sequence[Verdict] | None


class Outside:
    """`streams.alerting.sight.Outside`."""

    def __init__(self, desk: Desk, config: Config, ask: Ask) -> None:
        self.group, self._about = Group(desk, config, ask), About(desk)

    async def share(self, brand: str, window: Window) -> ShareOfVoice | None:
        """The brand's share of voice in its group; None while another brand of it cannot be asked."""
        return await self.group.share(brand, window)

    async def about(self, brand: Brand, words: Sequence[str], window: Window) -> Rows:
        """The rows of the posts that hold one of the words. Raises `KeyError` when the brand has moved away."""
        return await self._about.about(brand, words, window)

    def forget_all_but(self, brands: Collection[str]) -> None:
        """Other workers look after the brands that have moved away."""
        self._about.forget_all_but(brands)


class Walk:
    """Asks the rules of the brands held here. What it keeps only spares work."""

    def __init__(self, desk: Desk, config: Config, confusion: Mapping[str, Confusion], ask: Ask) -> None:
        self._desk, self._config, self._confusion = desk, config, confusion
        self._outside = Outside(desk, config, ask)
        self.rules = {brand.name: rules_of(config, brand) for brand in config.brands}
        self._every = config.alerts.every
        self._since: dict[str, datetime] = {}
        self._kept: dict[str, Kept] = {}
        self._looked: dict[tuple[str, str], datetime] = {}

    def forget_all_but(self, brands: Collection[str]) -> None:
        """Other workers speak for the brands that have moved away."""
        self._since = {name: since for name, since in self._since.items() if name in brands}
        self._kept = {name: kept for name, kept in self._kept.items() if name in brands}
        self._looked = {key: at for key, at in self._looked.items() if key[0] in brands}
        self._outside.forget_all_but(brands)

    async def brand(self, brand: Brand, at: datetime, standing: Sequence[Alert]) -> list[Asked]:
        """What the rules that are due find. Raises `KeyError` when the brand has just moved to another worker."""
        due = [rule for rule in self.rules[brand.name] if self._moment(rule, at) != self._last(brand, rule)]
        if not due:
            return []
        sight = self._sight(brand)
        return [await self._ask(brand, rule, sight, at, standing) for rule in due]

    def settled(self, question: Question[AnyRule]) -> None:
        """What was found has been published: the rule is due again at its next moment, not before."""
        self._looked[question.brand.name, question.rule.name] = question.at

    def _last(self, brand: Brand, rule: AnyRule) -> datetime | None:
        return self._looked.get((brand.name, rule.name))

    def _moment(self, rule: AnyRule, at: datetime) -> datetime:
        return floor(at, pace(rule, self._every))

    def _sight(self, brand: Brand) -> Sight:
        kept = self._kept.setdefault(brand.name, Kept())
        snapshot = self._desk.frame(brand.name).snapshot()
        return Sight(brand, snapshot, self._config, self._confusion, self._outside, kept)

    async def _ask(self, brand: Brand, rule: AnyRule, sight: Sight, at: datetime, standing: Sequence[Alert]) -> Asked:
        ours = [alert for alert in standing if alert.rule == rule.name and alert.brand == brand.name]
        moment, step = self._moment(rule, at), pace(rule, self._every)
        question = Question(brand, rule, sight, moment, step, self._watched(brand, at), ours)
        return Asked(question, await JUDGES[type(rule)](question))

    def _watched(self, brand: Brand, at: datetime) -> datetime:
        if brand.name not in self._since:
            oldest = at - max(map(reach, self.rules[brand.name]), default=timedelta(0))
            self._since[brand.name] = watched_since(self._desk, brand.name, oldest, at)
        return self._since[brand.name]

    def ruled(self, asked: Sequence[Asked]) -> list[Found]:
        """Everything that was found in a look, with what chance makes of all of it together (`fdr.py`)."""
        found = [Found(each.question, verdict) for each in asked for verdict in each.verdicts or ()]
        tests = [(number, each.verdict.p_value) for number, each in enumerate(found) if each.verdict.by_chance]
        tested = [self._test(found[number], p) for number, p in tests if p is not None]
        rulings = fdr.rule(tested, budget=self._config.alerts.false_alerts)
        for (number, _), ruling in zip([test for test in tests if test[1] is not None], rulings, strict=True):
            found[number] = Found(found[number].question, found[number].verdict, ruling)
        return found

    def _test(self, found: Found, p_value: float) -> fdr.Tested:
        question = found.question
        shared = sum(by_chance(rule) for rule in self.rules[question.brand.name])
        window, step = length_ms(question.rule.window), length_ms(question.pace)
        firing = question.firing(found.verdict.subject) is not None
        return fdr.Tested(p_value, window, step, max(1, shared), firing)


def rules_of(config: Config, brand: Brand) -> tuple[AnyRule, ...]:
    """The rules that watch a brand; one that is alone in its group has no share of voice to lose."""
    alone = all(other.group != brand.group or other.name == brand.name for other in config.brands)
    return tuple(
        rule
        for rule in config.alerts.active
        if (brand.name in rule.brands or brand.group in rule.groups or not (rule.brands or rule.groups))
        and not (alone and isinstance(rule, VoiceLoss))
    )
