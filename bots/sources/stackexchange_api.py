"""The requests that the Stack Exchange collector makes, at the pace that the API allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from pydantic import Field, SecretStr, field_validator

from bots.http import HttpError
from bots.sources.base import SourceOptions, Tools
from bots.sources.option_types import BaseUrl, between
from config.units import Duration

DAY_S = 86_400.0
LONGEST_BACKOFF_S = 3_600.0
_TAG = re.compile(r"[a-z\d.-]+/[\w.#+-]{1,100}")
_FIELDS = (
    "question.body question.answers question.comments answer.body answer.comments answer.link "
    "comment.body comment.link comment.reply_to_user"
)


class StackExchangeOptions(SourceOptions):
    """Which tags of which sites, and how often."""

    tags: Annotated[tuple[str, ...], Field(max_length=50)] = Field(
        default=(), description="Tags as site/tag, such as stackoverflow/python or superuser/windows-11."
    )
    key: SecretStr | None = Field(
        default=None, description="Key of an app registered at stackapps.com: 10,000 requests a day in place of 300."
    )
    base_url: BaseUrl = Field(default="https://api.stackexchange.com/2.3", description="Address of the API.")
    every: Annotated[Duration, between(timedelta(milliseconds=1), timedelta(hours=12))] = Field(
        default=timedelta(minutes=10), description="Pause between two looks, at most 12h."
    )
    first: Duration = Field(default=timedelta(days=1), description="At the first start, so far back.")

    @field_validator("tags")
    @classmethod
    def _names(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if not _TAG.fullmatch(tag.lower()):
                raise ValueError(f"{tag!r} is not site/tag, such as stackoverflow/python")
        return tuple(dict.fromkeys(tag.lower() for tag in tags))


class Answer(msgspec.Struct, frozen=True):
    """The API's common wrapper, of which `items` must be there."""

    items: list[msgspec.Raw]
    has_more: bool = False
    backoff: float | None = None
    quota_remaining: int | None = None


class Api:
    """Every method raises `HttpError`."""

    def __init__(self, options: StackExchangeOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._free = 0.0  # when the next request is due (the loop's clock)
        self._spent = False

    async def make_filter(self) -> str:
        """The name of a filter that gives questions with all below them. Filters are shared and never expire."""
        asked = {"include": ";".join(_FIELDS.split()), "base": "default", "unsafe": "false"}
        answer = await self.ask("filters/create", asked)
        try:
            made: dict[str, Any] = msgspec.json.decode(answer.items[0], type=dict[str, Any])
            return str(made["filter"])
        except (ValueError, LookupError) as error:
            raise HttpError(f"no filter was made: {type(error).__name__}", HTTPStatus.OK) from error

    async def ask(self, path: str, params: Mapping[str, str]) -> Answer:
        """One request, when it is due."""
        left = self._free - asyncio.get_running_loop().time()
        if self._spent and left > 0:
            raise HttpError("the day's allowance is used up", HTTPStatus.TOO_MANY_REQUESTS, left)
        await asyncio.sleep(max(0.0, left))
        asked = {"pagesize": "100", **params} if "site" in params else dict(params)
        if self._options.key is not None:
            asked["key"] = self._options.key.get_secret_value()
        response = await self._tools.http.get_bytes(f"{self._options.base_url}/{path}", params=asked)
        try:
            answer = msgspec.json.decode(response.body, type=Answer)
        except (ValueError, RecursionError) as error:
            raise HttpError(f"{path} answers in another form: {error}", HTTPStatus.OK) from error
        self._pace(answer)
        return answer

    def _pace(self, answer: Answer) -> None:
        """What is left of the day's allowance lasts until midnight UTC; `backoff` is a pause that is asked for."""
        pause = min(LONGEST_BACKOFF_S, max(0.0, answer.backoff or 0.0))
        if answer.quota_remaining is not None:
            until_midnight = DAY_S - self._tools.now().timestamp() % DAY_S
            pause = max(pause, until_midnight / max(1, answer.quota_remaining))
            self._spent = answer.quota_remaining <= 0
        self._free = asyncio.get_running_loop().time() + pause
