"""What the configuration promises about the rule."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.schema import VolumeSpike
from streams.alerting.volume import MIN_WINDOWS


def test_a_baseline_that_could_never_be_judged_is_refused() -> None:
    with pytest.raises(ValidationError, match="48 times as long"):
        VolumeSpike.model_validate({"window": "5m", "baseline": "3h"})
    shortest = VolumeSpike.model_validate({"window": "5m", "baseline": "4h"})
    assert shortest.baseline / shortest.window == MIN_WINDOWS
