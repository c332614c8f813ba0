"""Which host is used when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bots.sources.hosts import Hosts

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_a_host_is_left_after_three_failures_in_a_row_and_success_forgives() -> None:
    hosts = Hosts(["a", "b"])
    for _ in range(2):
        hosts.failed(NOON)
    hosts.delivered()
    for _ in range(2):
        hosts.failed(NOON)
    assert hosts.pick(NOON) == "a"
    hosts.failed(NOON)
    assert hosts.pick(NOON) == "b"


def test_the_preferred_host_is_tried_again_later_and_one_failure_is_then_enough() -> None:
    hosts = Hosts(["a", "b"], patience=2, away=timedelta(minutes=15))
    for _ in range(2):
        hosts.failed(NOON)
    assert hosts.pick(NOON + timedelta(minutes=14)) == "b"
    assert hosts.first_is_due(NOON + timedelta(minutes=15))
    assert hosts.pick(NOON + timedelta(minutes=15)) == "a"
    hosts.failed(NOON + timedelta(minutes=16))
    assert hosts.pick(NOON + timedelta(minutes=16)) == "b"
    assert not hosts.first_is_due(NOON + timedelta(minutes=16))


def test_when_all_fail_they_take_turns() -> None:
    hosts = Hosts(["a", "b", "c"], patience=1)
    seen = []
    for _ in range(4):
        seen.append(hosts.pick(NOON))
        hosts.failed(NOON)
    assert seen == ["a", "b", "c", "a"]


def test_one_host_alone_is_never_left() -> None:
    hosts = Hosts(["a"], patience=1)
    hosts.failed(NOON)
    assert hosts.pick(NOON + timedelta(days=1)) == "a"
    assert not hosts.first_is_due(NOON + timedelta(days=1))
