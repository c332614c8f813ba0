"""What an alert is called by routes, silences and inhibition (`config/matchers.py`)."""

from __future__ import annotations

from streams.records import Alert


def labels(alert: Alert) -> dict[str, str]:
    """By name; what the alert does not have is left out."""
    found = {
        "alertname": alert.rule,
        "kind": alert.kind,
        "brand": alert.brand,
        "group": alert.group,
        "severity": alert.severity,
        "number": alert.number,
        "source": alert.source or "",
    }
    return {name: value for name, value in found.items() if value}
