"""How long the bot takes to answer: from a question on a chat's wire to the first sign of life, and to the answer.

The four chats speak their real protocols on loopback, the service is the real API over 5,000 posts, and all of it
shares one process and one core, so a real bot is faster. Limits: a sign of life within 3 s (Slack and Discord wait no
longer), an answer within 2 s, except where the room was told to wait for a number that has to be worked out.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from bots.chat.base import Outlet, Tools
from tests.bots.chat.destination import session
from tests.bots.chat.listen.discord_guild import DiscordGuild
from tests.bots.chat.listen.matrix_home import MatrixHome
from tests.bots.chat.listen.service import Service, listening
from tests.bots.chat.listen.slack_room import SlackRoom
from tests.bots.chat.listen.telegram_chat import TelegramChat
from tests.streams.api.stub import NOW, entry

POSTS: Final = 5_000
EACH: Final = 5  # times each question
SIGN_S, ANSWER_S = 3.0, 2.0
QUESTIONS: Final = ("help", "status", "pulse fairphone", "voice phones 7d", "why fairphone")
WORKED_OUT: Final = ("circles fairphone", "health fairphone", "digest fairphone")


class Chat(NamedTuple):
    """`ask(person, text)` puts a question; `signs` and `answers` count what came back, the first including waits."""

    name: str
    ask: Callable[[int, str], object]
    signs: Callable[[], int]
    answers: Callable[[], int]


class Times(NamedTuple):
    """Seconds."""

    chat: str
    question: str
    sign: list[float]
    answer: list[float]


def fill(service: Service) -> None:
    """A week of talk, a third of it answers."""
    for number in range(POSTS):
        brand = ("fairphone", "shiftphone")[number % 5 == 0]
        answered = {"reply_to": f"demo:{brand}-{number - 5}", "reply_to_author": f"demo:a{(number - 5) % 700}"}
        service.desk.add(
            entry(
                brand,
                number,
                minutes_ago=1 + number * 10_080 / POSTS,
                author=f"demo:a{number % 700}",
                **(answered if number % 3 == 0 else {}),
            )
        )


def chats(slack: SlackRoom, discord: DiscordGuild, telegram: TelegramChat, matrix: MatrixHome) -> list[Chat]:
    """How each is asked; another person each time, for one may ask twenty questions a minute."""
    return [
        Chat(
            "slack",
            lambda who, text: slack.slash("/tertulia", text, user=f"U{who:08}"),
            lambda: len(slack.acked),
            lambda: len([said for said in slack.responded if not _waits(str(said["text"]))]),
        ),
        Chat(
            "discord",
            lambda who, text: discord.give(text.split()[0], who=str(who), **_options(text)),
            lambda: len(discord.firsts),
            lambda: len(discord.told),
        ),
        Chat(
            "telegram",
            lambda who, text: telegram.say(f"/{text}", who=who),
            lambda: len(telegram.sent),
            lambda: len([said for said in telegram.sent if not _waits(said["text"])]),
        ),
        Chat(
            "matrix",
            lambda who, text: matrix.say(f"!tertulia {text}", who=f"@u{who}:home.example"),
            lambda: len(matrix.sent),
            lambda: len([said for _, said in matrix.sent if not _waits(said["body"])]),
        ),
    ]


def _waits(text: str) -> bool:
    return "One moment" in text


def _options(text: str) -> dict[str, str]:
    words = text.split()[1:]
    names = ("alert",) if text.startswith("why") else ("brand", "window")
    return dict(zip(names, words, strict=False))


async def timed(chat: Chat, who: int, text: str) -> tuple[float, float]:
    """Seconds until a sign of life, and until the answer."""
    signs, answers, began = chat.signs(), chat.answers(), time.perf_counter()
    sign = 0.0
    chat.ask(who, text)
    while chat.answers() == answers:
        if not sign and chat.signs() > signs:
            sign = time.perf_counter() - began
        await asyncio.sleep(0.001)
    took = time.perf_counter() - began
    return sign or took, took


async def measure(folder: Path) -> list[Times]:
    """All questions in all chats, one after the other."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        service = await enter(Service(folder).serving())
        fill(service)
        tools = Tools(await enter(session()), lambda: NOW)
        slack, discord = SlackRoom(), DiscordGuild()
        telegram, matrix = TelegramChat(), MatrixHome()
        for chat in (slack, discord, telegram, matrix):
            await enter(chat.serving())
        outlets: dict[str, Outlet] = {
            "slack": slack.outlet(tools),
            "discord": discord.outlet(tools),
            "telegram": telegram.outlet(tools),
            "matrix": matrix.outlet(tools),
        }
        await enter(listening(service, outlets))
        while not (slack.connections and discord.sessions and telegram.offsets and matrix.since):
            await asyncio.sleep(0.01)
        found, who = list[Times](), 1_000
        for each in chats(slack, discord, telegram, matrix):
            for question in (*QUESTIONS, *WORKED_OUT):
                times = []
                for _ in range(EACH):
                    who += 1
                    times.append(await timed(each, who, question))
                found.append(Times(each.name, question, [sign for sign, _ in times], [took for _, took in times]))
        return found


def show(found: list[Times]) -> bool:
    """The table; whether all kept their limits."""
    table = Table("chat", "question", "sign of life, longest", "answer, median", "answer, longest", box=None)
    good = True
    for each in found:
        late = each.question not in WORKED_OUT and max(each.answer) > ANSWER_S
        good &= max(each.sign) <= SIGN_S and not late
        numbers = (max(each.sign), median(each.answer), max(each.answer))
        table.add_row(each.chat, each.question, *(f"{1_000 * number:,.0f} ms" for number in numbers))
    Console(width=110).print(table)
    return good


def main() -> int:
    """0 when all answers came in time."""
    with TemporaryDirectory() as folder:
        return 0 if show(asyncio.run(measure(Path(folder)))) else 1


if __name__ == "__main__":
    sys.exit(main())
