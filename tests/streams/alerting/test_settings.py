"""What the configuration promises about the rule."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.alert_rules import Crisis
from config.schema import Alerts, VolumeSpike
from streams.alerting.volume import MIN_WINDOWS


def test_a_baseline_that_could_never_be_judged_is_refused() -> None:
    with pytest.raises(ValidationError, match="48 times as long"):
        VolumeSpike.model_validate({"window": "5m", "baseline": "3h"})
    shortest = VolumeSpike.model_validate({"window": "5m", "baseline": "4h"})
    assert shortest.baseline / shortest.window == MIN_WINDOWS


def active(**alerts: object) -> list[tuple[str, str]]:
    return [(rule.kind, rule.name) for rule in Alerts.model_validate(alerts).active]


def test_four_rules_are_on_by_themselves() -> None:
    assert [name for _, name in active()] == ["volume-spike", "sentiment-turn", "voice-loss", "crisis"]
    assert active(standard=["crisis"]) == [("crisis", "crisis")]
    assert active(standard=[]) == []


def test_a_rule_takes_the_place_of_a_standard_one_with_its_name() -> None:
    found = Alerts.model_validate({"rules": [{"kind": "crisis", "above": 10}]}).active
    assert [rule.name for rule in found].count("crisis") == 1
    assert next(rule.above for rule in found if isinstance(rule, Crisis)) == 10
    assert ("crisis", "louder") in active(rules=[{"kind": "crisis", "name": "louder"}])
    assert ("crisis", "crisis") in active(rules=[{"kind": "crisis", "name": "louder"}])


def test_the_older_volume_spike_takes_the_place_of_the_standard_one() -> None:
    rules = Alerts.model_validate({"volume_spike": [{"p": 0.001}]}).active
    assert [type(rule) for rule in rules if rule.kind == "volume-spike"] == [VolumeSpike]
    assert ("volume-spike", "volume-spike") not in active(volume_spike=[])
    assert ("volume-spike", "volume-spike") in active()
