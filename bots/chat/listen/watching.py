"""`watch BRAND [KIND] [off]`: this room is told of a brand's alerts, beside what the configuration routes here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from bots.chat.document import Document, Part
from bots.chat.listen.asked import Asked
from bots.chat.listen.words import say
from bots.chat.watches import Watch, Watches
from bots.commands.client import ApiClient, AskFailed
from bots.commands.questions import brands_meant
from config.matchers import Matcher, parse
from streams.audit import Audit, Line

OFF: Final = frozenset({"off", "no", "deja"})
SEVERITIES: Final = ("info", "warning", "critical")
KINDS: Final = (
    "threshold",
    "change",
    "volume-spike",
    "volume-drop",
    "sentiment-turn",
    "voice-loss",
    "crisis",
    "new-voice",
    "circle-split",
    "message-turn",
)
"""Kinds of alerts that belong to a brand."""


class Watching:
    """The watches of all rooms, changed by questions; each change is audited."""

    def __init__(self, client: ApiClient, watches: Watches, audit: Audit, now: Callable[[], datetime]) -> None:
        self._client, self._watches, self._audit, self._now = client, watches, audit, now

    async def answer(self, asked: Asked) -> Document:
        """What was changed, or what the room is told of. Raises `AskFailed`; `OSError`: the audit cannot be written."""
        words = (asked.command.subject or "").split()
        if not words:
            return self._listed(asked)
        off = words[-1].casefold() in OFF
        words = words[:-1] if off else words
        if not words:
            raise AskFailed("which one? watch BRAND [KIND] off")
        matchers = await self._matchers(words)
        order = "unwatch" if off else "watch"
        # Before the change: what cannot be audited is not done.
        self._audit.write(self._line(asked, order, matchers))
        if off:
            done = self._watches.remove(asked.outlet, asked.question.room, matchers)
            return Document(say("unwatched" if done else "not watched", asked.lang, what=_spoken(matchers, asked)))
        person = asked.question.person.id if asked.question.private else ""
        watch = Watch(asked.outlet, asked.question.room, matchers, asked.by, self._now(), person)
        done = self._watches.add(watch)
        said = say(
            "watched" if done else "watched already", asked.lang, what=_spoken(matchers, asked), words=" ".join(words)
        )
        return Document(said)

    def _listed(self, asked: Asked) -> Document:
        here = [each for each in self._watches.all() if (each.outlet, each.room) == (asked.outlet, asked.question.room)]
        if not here:
            return Document(say("no watches", asked.lang))
        lines = [
            f"{_spoken(each.matchers, asked)}: {say('by', asked.lang, by=each.by, at=f'{each.at:%Y-%m-%d %H:%M} UTC')}"
            for each in here
        ]
        return Document(say("watches", asked.lang), (Part(lines=tuple(lines)),))

    async def _matchers(self, words: Sequence[str]) -> tuple[str, ...]:
        """A brand's name, of one word or more, and perhaps a kind or severity behind it."""
        *before, last = words
        label = _label(last) if before else None
        (brand,) = await brands_meant(self._client, " ".join(before if label else words))
        return tuple(str(each) for each in (Matcher("brand", "=", brand["name"]), label) if each is not None)

    def _line(self, asked: Asked, order: str, matchers: tuple[str, ...]) -> Line:
        place = f"{asked.outlet}:{asked.question.room}"
        return Line(at=self._now(), order=order, author="", by=asked.by, address=place, about=" ".join(matchers))


def _label(word: str) -> Matcher | None:
    wanted = word.casefold()
    if wanted in SEVERITIES:
        return Matcher("severity", "=", wanted)
    near = get_close_matches(wanted, KINDS, n=1, cutoff=0.75)
    return Matcher("kind", "=", near[0]) if near else None


def _spoken(matchers: Sequence[str], asked: Asked) -> str:
    named = {each.label: each.value for each in map(parse, matchers)}
    brand, kind = named["brand"], named.get("kind") or named.get("severity")
    return say("one kind", asked.lang, kind=kind, brand=brand) if kind else say("everything", asked.lang, brand=brand)
