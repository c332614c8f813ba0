"""What every view promises, whatever it counts. A new view is tested here by its line in `streams.views.base.VIEWS`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest

from config.schema import Views
from streams.records import Entry
from streams.views.asked import Answer, Asked
from streams.views.base import HEALTH, PULSE, VIEWS, View
from streams.views.frame import Frame, Rows
from streams.views.pulse import Pulse, numbers
from tests.streams.views.generate import ASKED, OWN, frame_of, made, window

SPAN = window(20, 80)
CONFUSION = {"en": ((70, 20, 10), (20, 60, 20), (10, 20, 70))}

each = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


def sent(view: View, rows: Rows, asked: Asked = ASKED) -> bytes:
    return msgspec.json.encode(view(rows, asked))


def talk(seed: int = 1) -> list[Entry]:
    return made(Random(seed), 80)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}/{name}")
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, path)
    else:
        yield path, value


@each
def test_nothing_said(view: View) -> None:
    """No entry at all: an answer, with nothing behind it and no estimate."""
    answer = view(Frame(OWN).rows(SPAN), ASKED)
    assert (answer.posts, answer.authors) == (0, 0)
    estimates = [value for _, value in leaves(msgspec.to_builtins(answer)) if isinstance(value, float)]
    assert estimates == []


@each
def test_an_empty_or_inverted_window(view: View) -> None:
    rows = frame_of(talk())
    for span in (window(30, 30), window(60, 30), window(10_000, 10_001)):
        assert view(rows.rows(span), ASKED).posts == 0


@each
def test_order_of_arrival(view: View) -> None:
    entries = talk()
    shuffled = Random(9).sample(entries, len(entries))
    assert sent(view, frame_of(shuffled).rows(SPAN)) == sent(view, frame_of(entries).rows(SPAN))


@each
def test_add_then_remove(view: View) -> None:
    entries, passing = talk(1), made(Random(2), 160)[80:]
    frame = frame_of([*passing[:40], *entries, *passing[40:]])
    for entry in passing:
        frame.remove(entry)
    assert sent(view, frame.rows(SPAN)) == sent(view, frame_of(entries).rows(SPAN))


@each
def test_asking_twice(view: View) -> None:
    """An answer changes nothing: neither the rows nor the frame."""
    frame = frame_of(talk())
    rows = frame.rows(SPAN)
    assert sent(view, rows) == sent(view, rows) == sent(view, frame.rows(SPAN))


@each
def test_what_lies_outside_the_window_is_not_behind_the_number(view: View) -> None:
    entries = talk()
    answer = view(frame_of(entries).rows(SPAN), ASKED)
    inside = sum(SPAN.start <= e.post.created_at < SPAN.end for e in entries if e.post.created_at)
    assert answer.posts <= inside


@each
def test_the_floor(view: View) -> None:
    """With more asked for than there is, no estimate: every float is gone, save those of counted facts."""
    asked = Asked(Views(min_posts=1_000, min_authors=1_000, bootstrap=50), CONFUSION)
    answer = view(frame_of(talk()).rows(SPAN), asked)
    assert not [value for _, value in leaves(msgspec.to_builtins(answer)) if isinstance(value, float)]


@each
def test_the_answer_is_json_of_the_agreed_form(view: View) -> None:
    """snake_case keys, the base of the number in front, no NaN, the same keys whatever the data."""
    for asked in (ASKED, Asked(Views(min_posts=1, min_authors=1, bootstrap=50), CONFUSION)):
        full, empty = view(frame_of(talk()).rows(SPAN), asked), view(Frame(()).rows(SPAN), asked)
        for answer in (full, empty):
            assert isinstance(answer, Answer)
            body = json.loads(msgspec.json.encode(answer))
            assert list(body)[:3] == ["posts", "authors", "insufficient"]
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in body)
            assert all(math.isfinite(value) for _, value in leaves(body) if isinstance(value, float))
            assert msgspec.json.decode(msgspec.json.encode(answer), type=type(answer)) == answer
        assert list(msgspec.to_builtins(full)) == list(msgspec.to_builtins(empty))


@each
def test_intervals_hold_their_estimate(view: View) -> None:
    """Wherever there is an interval [low, high], the figure beside it lies within."""
    for seed in range(20):
        body = msgspec.to_builtins(view(frame_of(made(Random(seed), 80)).rows(SPAN), ASKED))
        for part in _parts(body):
            low, high = part.get("interval") or (None, None)
            if part.get("interval") is None:
                continue
            figure = next(part[name] for name in ("share", "net", "median_s", "value") if name in part)
            assert figure is None or low <= figure
            assert figure is None or high is None or figure <= high


def _parts(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield body
    for part in body.values():
        if isinstance(part, dict):
            yield from _parts(part)


def test_every_view_is_in_the_pulse_or_for_health_and_in_numbers() -> None:
    assert set(PULSE) - set(Pulse.__struct_fields__) == {"volume"}  # whose fields stand in the pulse themselves
    assert not set(HEALTH) & {*PULSE, *Pulse.__struct_fields__}
    assert set(VIEWS) == {*PULSE, *HEALTH}
    assert set(numbers(Frame(()), SPAN, Views())) == {*VIEWS, "voice_counts"}
