"""From what a rule found to the alert that is told, and to the one that says that it is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from config.schema import Brand
from config.units import format_duration
from streams.alerting import behind, evidence, words
from streams.alerting.question import SUBJECT, Verdict
from streams.alerting.standing import fingerprint
from streams.alerting.walk import Found
from streams.desk import Desk
from streams.records import Alert
from streams.views.window import Window


def raised(desk: Desk, found: Found, at: datetime) -> Alert | None:
    """The alert. None when it is about somebody of whom the ledger holds no post. Raises `KeyError`."""
    question, verdict = found.question, found.verdict
    brand, rule = question.brand, question.rule
    window = Window.last(rule.window, verdict.end)
    rows = question.sight.rows(window)
    among = behind.concerned(rows, verdict.concerns)
    details = dict(verdict.details)
    if verdict.person is not None:
        author = behind.author_of(desk, brand.name, question.sight.snapshot.rows(), verdict.person)
        if author is None:
            return None
        details[behind.WHO] = behind.name_of(author)
    return _titled(
        Alert(
            fingerprint=fingerprint(rule.name, brand.name, verdict.subject),
            rule=rule.name,
            brand=brand.name,
            state="firing",
            started_at=verdict.end,
            at=at,
            title="",
            window=format_duration(rule.window),
            evidence=evidence.choose(desk, brand.name, rows, among),
            kind=rule.kind,
            severity=rule.severity,
            group=brand.group,
            authors=behind.authors(desk, brand.name, rows, among),
            **_measured(verdict),
            q_value=None if found.ruling is None else found.ruling.q_value,
            details=details,
        ),
        brand,
    )


def over(alert: Alert, brand: Brand, verdict: Verdict | None, at: datetime) -> Alert:
    """The same alert, resolved, with the figures of now; without a verdict with those it had."""
    measured: dict[str, Any] = {} if verdict is None else _measured(verdict)
    details = {} if verdict is None else dict(verdict.details)
    kept = {name: value for name, value in alert.details.items() if name in (SUBJECT, behind.WHO)}
    measured["details"] = {**(details or alert.details), **kept}
    return _titled(msgspec.structs.replace(alert, state="resolved", at=at, ended_at=at, **measured), brand)


def ended(alert: Alert, brand: Brand | None, why: str, at: datetime) -> Alert:
    """Resolved for another reason than that things are as usual: one of `words.ENDINGS`."""
    details = {name: value for name, value in alert.details.items() if name != behind.WHO} | {why: 1.0}
    moment = at if alert.state == "firing" else alert.at
    changed = msgspec.structs.replace(
        alert, state="resolved", details=details, at=moment, ended_at=alert.ended_at or moment
    )
    return _titled(changed, brand)


def bare(alert: Alert, brand: Brand | None) -> Alert:
    """The alert's figures, without what people wrote and without names."""
    details = {name: value for name, value in alert.details.items() if name != behind.WHO}
    return _titled(msgspec.structs.replace(alert, evidence=(), authors=(), circles=(), details=details), brand)


def _measured(verdict: Verdict) -> dict[str, Any]:
    return {
        "number": verdict.number,
        "value": verdict.value,
        "baseline": verdict.baseline,
        "interval": verdict.interval,
        "p_value": verdict.p_value,
    }


def _titled(alert: Alert, brand: Brand | None) -> Alert:
    """`Alert.title` is the English one."""
    return msgspec.structs.replace(alert, title=words.title(alert, brand.display if brand else alert.brand))
