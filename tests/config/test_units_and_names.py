"""Slugs and durations: what people write, and what becomes of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.naming import brand_from_name, slug
from config.schema import Brand
from config.units import format_duration, parse_duration


@given(st.text())
def test_every_slug_is_a_short_name(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", slug(name))


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_every_name_makes_a_brand(name: str) -> None:
    assert Brand.model_validate(brand_from_name(name)).terms


@given(st.integers(min_value=0, max_value=10**9))
def test_durations_survive_being_written(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize("text", ["99999999999w", "9" * 400 + "s"])
def test_longer_than_can_be_counted(text: str) -> None:
    with pytest.raises(ValueError, match="is too long a time"):
        parse_duration(text)
