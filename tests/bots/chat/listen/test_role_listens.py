"""The role `chat` as a whole answers: real Kafka, the real API, Slack's protocol on loopback."""

from __future__ import annotations

import asyncio

from bots.chat_role import run_chat
from config.schema import Config
from streams.tasks import Tasks
from tests.bots.chat.listen.service import Service, until
from tests.bots.chat.listen.slack_room import BOSS, ROOM, SlackRoom, words
from tests.bots.kafka_log import Log
from tests.bots.sources.slack_server import APP_TOKEN, BOT_TOKEN
from tests.streams.api.stub import NOW


async def test_the_role_answers_and_keeps_watches(kafka: str, log: Log, config: Config, service: Service) -> None:
    async with SlackRoom().serving() as slack:
        assert isinstance(slack, SlackRoom)
        outlet = {
            "token": BOT_TOKEN,
            "app_token": APP_TOKEN,
            "channel": ROOM,
            "base_url": f"{slack.url}/api",
            "questions": {"enabled": True, "manage": [BOSS]},
        }
        api = service.config.api.model_copy(update={"advertise": service.server.url})
        role = config.model_copy(update={"outlets": {"slack": outlet}, "api": api})
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tasks = Tasks(on_death=failed.set_exception)
        tasks.start(run_chat(role, kafka, now=lambda: NOW), "chat")
        try:
            await until(lambda: slack.connections or failed.done())
            slack.slash("/tertulia", "pulso fairphone 12h")
            await until(lambda: slack.responded or failed.done())
            slack.slash("/tertulia", "watch fairphone crisis", user=BOSS)
            await until(lambda: len(slack.responded) == 2 or failed.done())
        finally:
            await tasks.stop()
        assert not failed.done(), failed.exception()
    assert "60 publicaciones de 7 autores" in words(slack.responded[0])
    assert "told of crisis of fairphone" in words(slack.responded[1])
