"""The numbers a rule may name are those of the configuration, and the very figures that `/pulse` and `/health` tell."""

from __future__ import annotations

from random import Random

import pytest

from config.alert_numbers import NUMBERS
from streams.alerting.number_names import NUMBERS as NAMES
from streams.alerting.numbers import READ, VOICE, figure, unit, voice_figure
from streams.views.components import figures
from streams.views.pulse import numbers
from streams.views.voice import share_of_voice, voice_counts
from tests.streams.views.generate import ASKED, NO_FLOOR, frame_of, made, window


def test_the_configuration_knows_exactly_these() -> None:
    assert set(NUMBERS) == {*READ, *VOICE}
    for names in NAMES.values():
        assert set(NUMBERS) <= set(names)


@pytest.mark.parametrize("seed", range(5))
def test_each_is_the_figure_of_the_views(seed: int) -> None:
    frame, span = frame_of(made(Random(seed), 80)), window(20, 100)
    rows = frame.rows(span)
    answers = numbers(frame, span, NO_FLOOR)
    wanted = {
        "posts": answers["volume"].posts,  # type: ignore[attr-defined]
        "authors": answers["volume"].authors,  # type: ignore[attr-defined]
        "sentiment": answers["sentiment"].net,  # type: ignore[attr-defined]
        "absence_factor": answers["unevenness"].absence_factor,  # type: ignore[attr-defined]
        "newcomers": answers["renewal"].newcomers,  # type: ignore[attr-defined]
        "returning": answers["renewal"].returning,  # type: ignore[attr-defined]
        "participants": answers["levels"].participants.share,  # type: ignore[attr-defined]
        "observers": answers["levels"].observers.share,  # type: ignore[attr-defined]
        "venues.own": answers["venues"].by_posts.own.share,  # type: ignore[attr-defined]
        "venues.hub": answers["venues"].by_posts.hub.share,  # type: ignore[attr-defined]
    }
    for name, value in wanted.items():
        assert figure(name, rows, ASKED).value == value, name
    components = figures(rows, ASKED)
    for name in set(components) & set(READ) - {"first_response"}:
        assert figure(name, rows, ASKED) == components[name], name
    assert figure("venues.self_organised", rows, ASKED) == components["self_organised"]
    median = answers["first_response"].median_s  # type: ignore[attr-defined]
    assert median is None or figure("first_response", rows, ASKED).value == median


def test_a_share_of_voice_is_read_from_the_group() -> None:
    frame = frame_of(made(Random(1), 80))
    counts = {"b": voice_counts(frame.rows()), "other": voice_counts(frame.rows(window(0, 40)))}
    answer = share_of_voice("b", counts, ASKED)
    for name, share in zip(VOICE, (answer.by_posts, answer.by_authors, answer.by_threads), strict=True):
        found = voice_figure(name, answer)
        assert (found.value, found.interval, unit(name)) == (share.share, share.interval, "share")
