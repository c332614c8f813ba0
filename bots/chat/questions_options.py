"""Who may ask the bot in a chat, and who may change something there: the option `questions` of an outlet."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from config.schema import Section


def _text(given: Any) -> Any:
    """YAML reads an id without quotes as a number."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _fits(form: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if re.fullmatch(form, value, re.ASCII) is None:
            raise ValueError(f"{value[:60]!r} is no {what}")
        return value

    return AfterValidator(check)


_Many = Field(max_length=500)
SlackRoom = Annotated[str, _fits(r"[CGD][A-Z0-9]{2,20}", "id of a channel: it begins with C, in the channel's details")]
SlackPerson = Annotated[str, _fits(r"[UW][A-Z0-9]{2,20}", "id of a person: it begins with U, in their profile")]
DiscordId = Annotated[
    str, BeforeValidator(_text), _fits(r"\d{1,20}", "id: in developer mode, Copy ID gives its digits")
]
TelegramChat = Annotated[str, BeforeValidator(_text), _fits(r"-?\d{1,20}", "chat's number, such as -1001234567890")]
TelegramPerson = Annotated[str, BeforeValidator(_text), _fits(r"\d{1,20}", "person's number; names can pass to others")]
MatrixRoom = Annotated[str, _fits(r"!\S+", "room's internal id: it begins with !")]
MatrixPerson = Annotated[str, _fits(r"@\S+:\S+", "person's id, such as @ana:example.org")]


class Questions(Section):
    """Whom the bot answers. Nobody else gets a word out of it, not even a refusal."""

    enabled: bool = Field(default=False, description="Whether the bot answers questions here.")
    rooms: tuple[str, ...] = Field(
        default=(), description="Rooms it answers in, by their ids; empty: the one that it tells alerts to."
    )
    people: tuple[str, ...] = Field(
        default=(), description="Who may ask, by their ids, also in private; empty: everybody in those rooms."
    )
    manage: tuple[str, ...] = Field(
        default=(), description="Who may silence, acknowledge, watch and forget as well; empty: nobody."
    )
    lang: Literal["auto", "en", "es"] = Field(
        default="auto", description="Language of the answers; auto: that of the question's word (pulso: Spanish)."
    )


class SlackQuestions(Questions):
    """The same, with Slack's ids."""

    rooms: Annotated[tuple[SlackRoom, ...], _Many] = Field(
        default=(), description="Channels it answers in (C…); empty: the one that it tells alerts to."
    )
    people: Annotated[tuple[SlackPerson, ...], _Many] = Field(
        default=(), description="Who may ask (U…), also in a direct message; empty: everybody in those channels."
    )
    manage: Annotated[tuple[SlackPerson, ...], _Many] = Field(
        default=(), description="Who may silence, acknowledge, watch and forget as well (U…); empty: nobody."
    )
    signing_secret: SecretStr | None = Field(
        default=None, description="The app's signing secret: questions come by HTTP instead of Socket Mode."
    )
    host: str = Field(default="127.0.0.1", description="With a signing secret: address to listen on, behind a proxy.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(default=6068, description="With a signing secret: the port.")


class DiscordQuestions(Questions):
    """The same, with Discord's ids."""

    rooms: Annotated[tuple[DiscordId, ...], _Many] = Field(
        default=(), description="Channels it answers in, by their ids; empty: the one that it tells alerts to."
    )
    people: Annotated[tuple[DiscordId, ...], _Many] = Field(
        default=(), description="Who may ask, by their ids; empty: everybody in those channels."
    )
    manage: Annotated[tuple[DiscordId, ...], _Many] = Field(
        default=(), description="Who may silence, acknowledge, watch and forget as well; empty: nobody."
    )


class TelegramQuestions(Questions):
    """The same, with Telegram's numbers: names (@…) can pass to somebody else."""

    rooms: Annotated[tuple[TelegramChat, ...], _Many] = Field(
        default=(), description="Chats it answers in, by their numbers (-100…); empty: the one that it tells alerts to."
    )
    people: Annotated[tuple[TelegramPerson, ...], _Many] = Field(
        default=(), description="Who may ask, by their numbers, also in private; empty: everybody in those chats."
    )
    manage: Annotated[tuple[TelegramPerson, ...], _Many] = Field(
        default=(), description="Who may silence, acknowledge, watch and forget as well; empty: nobody."
    )


class MatrixQuestions(Questions):
    """The same, with Matrix's ids."""

    rooms: Annotated[tuple[MatrixRoom, ...], _Many] = Field(
        default=(), description="Rooms it answers in (!…); empty: the one that it tells alerts to."
    )
    people: Annotated[tuple[MatrixPerson, ...], _Many] = Field(
        default=(), description="Who may ask (@name:server) and invite it; empty: everybody in those rooms asks."
    )
    manage: Annotated[tuple[MatrixPerson, ...], _Many] = Field(
        default=(), description="Who may silence, acknowledge, watch and forget as well; empty: nobody."
    )
