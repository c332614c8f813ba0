"""In which rooms of an outlet the bot answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bots.chat.base import Outlet
from bots.chat.questions_options import Questions

ROOM: Final[Mapping[str, str]] = {"slack": "channel", "discord": "channel", "telegram": "chat", "matrix": "room"}
"""The option that names it, by kind of outlet."""


def questions_of(outlet: Outlet) -> Questions | None:
    """Whom the bot answers there; None: it does not."""
    questions: Any = getattr(outlet.options, "questions", None)
    return questions if isinstance(questions, Questions) and questions.enabled else None


def own_room(outlet: Outlet) -> str:
    """The room that it tells alerts to, as its network calls it in questions; "": it is known by a name only."""
    room = getattr(outlet.options, ROOM[outlet.name]) or ""
    return "" if room.startswith("@") else str(room)


def rooms_of(outlet: Outlet) -> frozenset[str]:
    """Where the bot answers, besides in private."""
    questions = questions_of(outlet)
    if questions is None:
        return frozenset()
    return frozenset(questions.rooms or filter(None, [own_room(outlet)]))
