"""The block `alerts`: what is worth telling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from config.alert_rule import Rule, Watch
from config.alert_rules import AnyRule, Crisis, SentimentTurn, VoiceLoss, VolumeSpikeRule
from config.section import Name, Section
from config.units import Duration

Standard = Literal["volume-spike", "sentiment-turn", "voice-loss", "crisis"]
STANDARD: Final[Mapping[Standard, Rule]] = {
    "volume-spike": VolumeSpikeRule(kind="volume-spike"),
    "sentiment-turn": SentimentTurn(kind="sentiment-turn"),
    "voice-loss": VoiceLoss(kind="voice-loss"),
    "crisis": Crisis(kind="crisis"),
}
RESERVED: Final = ("source-trouble", "source-gap")
"""Names of the rules about the sources themselves."""


class VolumeSpike(Watch):
    """Alert when a brand's volume is far above what its own recent past makes likely, whatever the hour."""

    kind: Literal["volume-spike"] = Field(default="volume-spike", description="What kind of rule it is: this one.")
    name: Name = Field(default="volume-spike", description="Name of the rule in alerts and silences.")
    window: Duration = Field(default=timedelta(minutes=5), description="The window whose volume is tested.")
    baseline: Duration = Field(default=timedelta(hours=24), description="The past it is compared with.")
    p: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=1e-4, description="Fires when so high a volume is less likely than this."
    )
    min_posts: Annotated[int, Field(ge=1)] = Field(default=10, description="Never fires below this volume.")
    hold: Duration = Field(default=timedelta(minutes=10), description="Resolves after this long without the condition.")

    @model_validator(mode="after")
    def _has_history(self) -> Self:
        if self.baseline < 48 * self.window:  # `streams.alerting.volume.MIN_WINDOWS`: with less, nothing is ever judged
            raise ValueError("the baseline must be at least 48 times as long as the window")
        return self


class SourceTrouble(Section):
    """Alert when a network tells nothing any more, or could not tell what was missed."""

    enabled: bool = Field(default=True, description="Whether troubles and gaps of sources are told.")
    after: Duration = Field(
        default=timedelta(minutes=10), description="How long a source is silent or failing before it is told."
    )


class Alerts(Section):
    """What is worth telling."""

    standard: tuple[Standard, ...] = Field(
        default=tuple(STANDARD),
        description="Rules that are on without being written down. One of `rules` with the same name takes its place.",
    )
    rules: tuple[AnyRule, ...] = Field(default=(), description="Further rules, each of a kind (docs/alerts.md).")
    false_alerts: Annotated[float, Field(gt=0, le=50)] = Field(
        default=0.5, description="How many false alerts a brand may have in a week, over all rules that test by chance."
    )
    source_trouble: SourceTrouble = Field(default=SourceTrouble(), description="Alerts about the sources themselves.")
    volume_spike: tuple[VolumeSpike, ...] | None = Field(
        default=None,
        description="The older form of volume-spike, with a level of your own and no hour of the week. Where it is "
        "given it takes the place of the standard volume-spike; []: none.",
    )
    every: Duration = Field(default=timedelta(seconds=15), description="How often the rules are looked at.")

    @property
    def active(self) -> tuple[Rule | VolumeSpike, ...]:
        """Every rule that is on, each with a name of its own."""
        written: tuple[Rule | VolumeSpike, ...] = (*self.rules, *(self.volume_spike or ()))
        taken = {rule.name for rule in written} | ({"volume-spike"} if self.volume_spike is not None else set())
        return (*(STANDARD[name] for name in dict.fromkeys(self.standard) if name not in taken), *written)
