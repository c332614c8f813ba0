"""`new-voice`: somebody new among those most people answer, quote or repost.

Counted are people, not answers: of each account, how many others turned to it within the window, the brand's own
accounts apart at either end. New is who is among the first few of this window and was among those of no earlier window,
and whom surely more than a share of all who turn to anybody turn to (Wilson). The p-value says that the account's own
past does not bring so many: its earlier windows as a Poisson rate (with Jeffreys' prior), times the number of accounts
that somebody turned to, as each of them could have been it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from config.alert_rules import NewVoice
from streams.alerting.lasting import moments
from streams.alerting.nbinom import tail
from streams.alerting.question import SUBJECT, Concerns, Question, Verdict
from streams.alerting.windows import floor
from streams.views.columns import Bools, Ints
from streams.views.intervals import wilson
from streams.views.rows import Rows
from streams.views.window import Window


class Turns(NamedTuple):
    """Of each account that somebody turned to in a window: its hash and how many people did; the most first. `people`:
    how many turned to anybody."""

    accounts: Ints
    counts: Ints
    people: int


class Before(NamedTuple):
    """Of the earlier windows: who was ever among the first, how many people turned to each account in all of them, and
    how many windows these are."""

    first: Ints
    accounts: Ints
    counts: Ints
    windows: int


async def judge(question: Question[NewVoice]) -> list[Verdict] | None:
    """A verdict for each who is new, also for those whose alert goes on. None: no earlier window."""
    rule, found = question.rule, dict[int, Verdict]()
    for end in moments(question.at, rule.hold, question.pace):
        known = await _before(question, end)
        if known is None:
            return None
        now = await asyncio.to_thread(turns, question.sight.rows(Window.last(rule.window, end)))
        for place in range(min(rule.among, len(now.accounts))):
            verdict = _verdict(question, now, place, known, end)
            account = int(now.accounts[place])
            if verdict is not None and account not in found:
                # One that begins is as new as can be; one that goes on may have been so a while ago.
                found[account] = verdict if end == question.at else replace(verdict, fires=False)
        if end == question.at and not any(alert.state == "firing" for alert in question.standing):
            break
    return list(found.values())


def turns(rows: Rows) -> Turns:
    """Who was turned to, by how many."""
    _, source, target = rows.interactions
    others = ~(rows.snapshot.is_own(source) | rows.snapshot.is_own(target))
    pairs = np.unique(np.column_stack((target[others], source[others])), axis=0)
    accounts, counts = np.unique(pairs[:, 0], return_counts=True)
    order = np.lexsort((accounts, -counts))
    return Turns(accounts[order], counts[order], len(np.unique(pairs[:, 1])))


def before(rows: Rows, window: timedelta, among: int) -> Before:
    """The windows of a length that follow each other from the first moment of `rows`."""
    length = max(1, window // timedelta(microseconds=1))
    at, source, target = rows.interactions
    others = ~(rows.snapshot.is_own(source) | rows.snapshot.is_own(target))
    number = (rows.time[at[others]] - rows.start) // length
    triples = np.unique(np.column_stack((number, target[others], source[others])), axis=0)
    places, counts = np.unique(triples[:, :2], axis=0, return_counts=True)
    order = np.lexsort((places[:, 1], -counts, places[:, 0]))
    begins = np.searchsorted(places[order, 0], places[order, 0])
    leading = order[np.arange(len(order)) - begins < among]
    accounts, index = np.unique(places[:, 1], return_inverse=True)
    sums = np.bincount(index, counts, len(accounts)).astype(np.int64)
    return Before(np.unique(places[leading, 1]), accounts, sums, (rows.end - rows.start) // length)


async def _before(question: Question[NewVoice], end: datetime) -> Before | None:
    """The whole windows before the one in question, since watching began; without the time of an alert that goes on."""
    rule = question.rule
    last = floor(end - rule.window, rule.window)
    for alert in question.standing:
        if alert.state == "firing":
            last = min(last, floor(alert.started_at - rule.window, rule.window))
    count = min(rule.baseline, last - question.since) // rule.window
    if count < 1:
        return None
    past = Window(last - count * rule.window, last)
    name = f"turns {rule.among} {rule.window}"
    (found,) = await question.sight.made(name, [past], lambda rows: before(rows, rule.window, rule.among))
    return found


def _verdict(question: Question[NewVoice], now: Turns, place: int, known: Before, end: datetime) -> Verdict | None:
    rule, account, count = question.rule, int(now.accounts[place]), int(now.counts[place])
    interval = wilson(count, now.people)
    if count < rule.min_authors or interval is None or interval[0] <= rule.share or account in known.first:
        return None
    at = int(np.searchsorted(known.accounts, account))
    there = at < len(known.accounts) and int(known.accounts[at]) == account
    total = int(known.counts[at]) if there else 0
    mean = (total + 0.5) / known.windows
    p_value = min(1.0, tail(count, mean, total + 0.5) * len(now.accounts))
    return Verdict(
        fires=True,
        stays=True,
        number="people",
        value=count,
        baseline=total / known.windows,
        end=end,
        p_value=p_value,
        by_chance=True,
        subject=str(account),
        person=account,
        details={
            SUBJECT: str(account),
            "unit": "people",
            "direction": "up",
            "place": place + 1,
            "people": now.people,
            "share": count / now.people,
            "low": interval[0],
            "high": interval[1],
        },
        concerns=_turning_to(account),
    )


def _turning_to(account: int) -> Concerns:
    """What others wrote to somebody, and what that person wrote."""

    def these(rows: Rows) -> Bools:
        at, _, target = rows.interactions
        found = np.asarray(rows.author == account)
        found[at[target == account]] = True
        return found

    return these
