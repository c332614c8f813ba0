"""Rates as people write them, and the bucket that keeps to them."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bots.chat.limits import Bucket, Rate, parse_rate
from bots.chat.webhook import WebhookOptions
from tests.bots.chat.destination import NOW


def test_rates_are_a_number_and_a_time() -> None:
    assert parse_rate("20/1m") == Rate(20, timedelta(minutes=1))
    assert parse_rate(" 1 / 1s") == Rate(1, timedelta(seconds=1))


@pytest.mark.parametrize("text", ["", "20", "0/1s", "-1/1s", "1.5/1s", "20/m", "20/0s", "a/1s"])
def test_what_is_no_rate_is_refused_with_the_key(text: str) -> None:
    with pytest.raises(ValidationError, match=r"rate\n.*(no rate|not a duration)"):
        WebhookOptions.model_validate({"url": "http://127.0.0.1", "rate": text})


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 120), st.integers(0, 1_000))
def test_no_stretch_of_time_sees_more_than_one_burst_and_its_own_share(most: int, seconds: int, seed: int) -> None:
    """Whoever asks at any moments, never more than `most` and a stretch's own share go out in it."""
    rate, random = Rate(most, timedelta(seconds=seconds)), Random(seed)
    bucket, at, sent = Bucket(rate, NOW), 0.0, list[float]()
    for _ in range(100):
        at += random.expovariate(most / seconds) * random.choice([0.1, 1, 5])
        now = NOW + timedelta(seconds=at)
        if bucket.wait(now) == 0:
            bucket.take(now)
            sent.append(at)
    for number, start in enumerate(sent):
        for span in (1, seconds, 3 * seconds):
            inside = sum(start <= each <= start + span for each in sent[number:])
            assert inside <= most + span * most / seconds + 1e-6


def test_a_new_bucket_holds_one_token_and_fills_up() -> None:
    bucket = Bucket(Rate(20, timedelta(minutes=1)), NOW)
    assert bucket.wait(NOW) == 0
    bucket.take(NOW)
    assert bucket.wait(NOW) == pytest.approx(3)
    later = NOW + timedelta(hours=1)
    for _ in range(20):
        assert bucket.wait(later) == 0
        bucket.take(later)
    assert bucket.wait(later) == pytest.approx(3)


def test_a_clock_that_is_set_back_lends_no_tokens() -> None:
    bucket = Bucket(Rate(1, timedelta(seconds=10)), NOW)
    bucket.take(NOW)
    bucket.wait(NOW - timedelta(hours=1))
    assert bucket.wait(NOW + timedelta(seconds=4)) == pytest.approx(6)
