"""How each kind of rule judges: a new kind is a new file, a line here and a section in `config/alert_rules.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.alert_rule import Watch
from config.alert_rules import (
    Change,
    CircleSplit,
    Crisis,
    MessageTurn,
    NewVoice,
    SentimentTurn,
    Threshold,
    VoiceLoss,
    VolumeDrop,
    VolumeSpikeRule,
)
from config.alerts import VolumeSpike
from streams.alerting.kinds import (
    change,
    circle_split,
    crisis,
    flat_spike,
    message_turn,
    new_voice,
    sentiment_turn,
    threshold,
    voice_loss,
    volume_drop,
    volume_spike,
)
from streams.alerting.question import Judge

JUDGES: Final[Mapping[type[Watch], Judge]] = {
    Threshold: threshold.judge,
    Change: change.judge,
    VolumeSpikeRule: volume_spike.judge,
    VolumeDrop: volume_drop.judge,
    SentimentTurn: sentiment_turn.judge,
    VoiceLoss: voice_loss.judge,
    Crisis: crisis.judge,
    NewVoice: new_voice.judge,
    CircleSplit: circle_split.judge,
    MessageTurn: message_turn.judge,
    VolumeSpike: flat_spike.judge,
}

_CERTAIN: Final = (Threshold, CircleSplit, VolumeSpike)
"""Kinds that go by a level of their own and draw on no budget of false alerts."""


def by_chance(rule: Watch) -> bool:
    """Whether the rule tests against chance, and so shares the brand's budget of false alerts."""
    return not isinstance(rule, _CERTAIN)
