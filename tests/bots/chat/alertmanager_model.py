"""What each receiver should be told, by a plain reading of Alertmanager's documentation: second by second, by force.

Independent of bots/chat: nothing is remembered but what was sent. https://prometheus.io/docs/alerting/latest/configuration/
The three places in which Tertulia means something else are marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bots.chat.rig import Message


class Fact(NamedTuple):
    """An alert as it stands; `at` is the second in which it last began or ended."""

    fingerprint: str
    labels: tuple[tuple[str, str], ...]
    firing: bool
    at: int

    def label(self, name: str) -> str:
        return dict(self.labels).get(name, "")


@dataclass(frozen=True)
class Rule:
    """A branch of the tree, without any of its own. `muted`: its first second, and the first one after it."""

    outlets: tuple[str, ...]
    equals: tuple[tuple[str, str], ...]
    goes_on: bool
    group_by: tuple[str, ...]
    wait: int
    interval: int
    repeat: int
    muted: tuple[int, int] = (0, 0)


@dataclass
class Looked:
    """A group: when it is looked at next, and what it has sent."""

    next: int
    sent: list[Message] = field(default_factory=list)

    def open(self) -> set[str]:
        """Told as firing, and not as over since."""
        found: set[str] = set()
        for message in self.sent:
            found = (found | set(message.firing)) - set(message.over)
        return found


GroupName = tuple[str, int, tuple[str, ...]]


class Model:
    """`inhibits`: the label and value that silence other alerts of the same brand with the second label and value."""

    def __init__(
        self, root: Rule, branches: Sequence[Rule], inhibits: tuple[tuple[str, str], tuple[str, str]] | None
    ) -> None:
        self.root, self.branches, self.inhibits = root, branches, inhibits
        self.groups: dict[GroupName, Looked] = {}
        self.messages: list[Message] = []

    def second(self, now: int, facts: Iterable[Fact], silenced: set[str]) -> None:
        """Everything that one second brings, given how the alerts stand in it."""
        facts = list(facts)
        belongs: dict[GroupName, list[Fact]] = {}
        for fact in facts:
            for name in self._names(fact):
                belongs.setdefault(name, []).append(fact)
        for name, members in belongs.items():
            begun = [fact.at for fact in members if fact.firing]
            if begun and name not in self.groups:
                wait = self._rule(name).wait
                self.groups[name] = Looked(max(now, min(begun) + wait))
        quiet = silenced | {fact.fingerprint for fact in facts if self._inhibited(fact, facts)}
        for name in sorted(self.groups):
            if self.groups[name].next <= now:
                self._look(name, now, belongs.get(name, []), quiet)

    def _look(self, name: GroupName, now: int, members: Sequence[Fact], quiet: set[str]) -> None:
        group, rule = self.groups[name], self._rule(name)
        group.next = now + rule.interval
        told = group.open()
        if not (rule.muted[0] <= now < rule.muted[1]):
            firing = {fact.fingerprint for fact in members if fact.firing} - quiet
            # Tertulia: what was never told as firing is not told as over; what ended while it was quiet is told later.
            over = {fact.fingerprint for fact in members if not fact.firing} & told - quiet
            again = bool(group.sent) and now - group.sent[-1].second >= rule.repeat
            # Tertulia: what was told before it was silenced, and still fires after, is not told as if it were new.
            if firing - told or over or (firing and again):
                message = Message(now, name[0], tuple(sorted(firing)), tuple(sorted(over)))
                group.sent.append(message)
                self.messages.append(message)
        if not group.open() and not any(fact.firing for fact in members):
            del self.groups[name]

    def _names(self, fact: Fact) -> list[GroupName]:
        """First match wins, unless it goes on; the root takes what no branch takes."""
        found: list[int] = []
        for number, rule in enumerate(self.branches):
            if all(fact.label(name) == value for name, value in rule.equals):
                found.append(number)
                if not rule.goes_on:
                    break
        names: list[GroupName] = []
        for number in found or [-1]:
            rule = self.branches[number] if number >= 0 else self.root
            group = tuple(fact.label(label) for label in rule.group_by)
            names += [(outlet, number, group) for outlet in rule.outlets]
        return names

    def _rule(self, name: GroupName) -> Rule:
        return self.branches[name[1]] if name[1] >= 0 else self.root

    def _inhibited(self, fact: Fact, others: Iterable[Fact]) -> bool:
        if self.inhibits is None:
            return False
        (source, its), (target, value) = self.inhibits
        return fact.label(target) == value and any(
            other.firing and other.label(source) == its and other.label("brand") == fact.label("brand")
            for other in others
        )
