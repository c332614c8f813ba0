"""A question that was understood."""

from __future__ import annotations

import msgspec

from bots.chat.listen.base import Question
from bots.commands.grammar import Command
from config.language import Lang


class Asked(msgspec.Struct, frozen=True):
    """What its answer needs to know. `by`: who asks, as the audit names them, such as `slack:U123 (Ana)`."""

    command: Command
    question: Question
    outlet: str
    by: str
    lang: Lang
