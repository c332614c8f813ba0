"""Options of `sources.telegram`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl, between
from config.units import Duration

_TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
_CHAT = re.compile(r"-\d+|@[A-Za-z]\w{3,31}", re.ASCII)


class TelegramOptions(SourceOptions):
    """Which bot, and which of its chats."""

    token: SecretStr | None = Field(default=None, description="Token of the bot, from @BotFather.")
    chats: Annotated[tuple[str, ...], Field(max_length=200)] = Field(
        default=(),
        description="Only these groups and channels: '@name', or an id ('-1001234567890'); empty: all the bot is in.",
    )
    wait: Annotated[Duration, between(timedelta(seconds=1), timedelta(seconds=25))] = Field(
        default=timedelta(seconds=20), description="How long one request waits for news, 1s to 25s."
    )
    base_url: BaseUrl = Field(default="https://api.telegram.org", description="Address of the Bot API.")

    @field_validator("token")
    @classmethod
    def _is_one(cls, token: SecretStr | None) -> SecretStr | None:
        # It becomes a part of an address; in any other form `plain` would not know it as a secret.
        if token is not None and _TOKEN.fullmatch(token.get_secret_value()) is None:
            raise ValueError("it is no token of a bot: @BotFather gives it as digits, a colon, letters and digits")
        return token

    @field_validator("chats")
    @classmethod
    def _names(cls, chats: tuple[str, ...]) -> tuple[str, ...]:
        for chat in chats:
            if _CHAT.fullmatch(chat) is None:
                raise ValueError(f"{chat!r} is no group or channel: write @name, or its id, which begins with -")
        return tuple(dict.fromkeys(chat.lower() for chat in chats))
