"""Which alerts are meant: matchers on their labels, as in Alertmanager (`severity="critical"`, `brand=~"fair.*"`).

Labels are `alertname` (the rule's name), `kind`, `brand`, `group`, `severity`, `number` and `source`; a label that an
alert lacks counts as empty. Expressions are anchored at both ends, as Alertmanager's are.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import regex

from config.problems import did_you_mean

LABELS: Final = ("alertname", "kind", "brand", "group", "severity", "number", "source")
_FORM: Final = re.compile(r'^\s*([a-z_]+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]*))\s*$')
_ESCAPED: Final = re.compile(r'\\([\\"n])')
_MEANT: Final = {"\\": "\\", '"': '"', "n": "\n"}
MOST_LETTERS: Final = 300
_LONGEST_S: Final = 0.05
"""For one expression and one label. Some expressions take years for a word of thirty letters, and people write them."""
log = logging.getLogger(__name__)


class Matcher(NamedTuple):
    """One condition."""

    label: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the condition holds for an alert's labels; one that takes too long does not, and is logged."""
        found = labels.get(self.label, "")
        if self.operator in {"=", "!="}:
            return (found == self.value) is (self.operator == "=")
        try:
            fits = _compiled(self.value).fullmatch(found, timeout=_LONGEST_S) is not None
        except TimeoutError:
            log.error("%s takes too long with %r, and is taken not to hold", self, found)
            return False
        return fits is (self.operator == "=~")

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.operator}"{escaped}"'


@lru_cache(maxsize=4_096)  # the same few are read again and again
def parse(text: str) -> Matcher:
    """`severity="critical"`, quotes may be left out. Raises `ValueError`, which says what is wrong.

    Between quotes `\\\\`, `\\"` and `\\n` are a backslash, a quote and a line's end; before any other letter a
    backslash is itself, as in Alertmanager.
    """
    found = _FORM.match(text)
    if found is None:
        raise ValueError(f'{text!r} is no matcher; it is written label="value", label!="value", label=~"expression"')
    label, operator, quoted, bare = found.groups()
    if label not in LABELS:
        hint = did_you_mean(label, LABELS) or f"; there are: {', '.join(LABELS)}"
        raise ValueError(f"there is no label {label!r}{hint}")
    value = bare or "" if quoted is None else _ESCAPED.sub(lambda escape: _MEANT[escape[1]], quoted)
    if len(value) > MOST_LETTERS:
        raise ValueError(f"the value of {label} has more than {MOST_LETTERS} letters")
    if operator in {"=~", "!~"}:
        _check(value)
    return Matcher(label, operator, value)


def _check(expression: str) -> None:
    """Raises `ValueError` for what is no expression, or one that takes for ever with words it nearly fits."""
    try:
        for letter in sorted({*expression, "a"}):
            _compiled(expression).fullmatch(letter * 63 + "\0", timeout=_LONGEST_S)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}") from error
    except TimeoutError as error:
        raise ValueError(f"{expression!r} takes too long: it repeats what is repeated already") from error


@lru_cache(maxsize=4_096)
def _compiled(expression: str) -> regex.Pattern[str]:
    return regex.compile(expression)


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every condition holds; none: yes."""
    return all(matcher.matches(labels) for matcher in matchers)
