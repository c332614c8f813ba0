"""The requests that the GitHub collector makes, at the pace that GitHub allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.http import Response
from bots.sources.base import SourceOptions, Tools
from bots.sources.github_posts import KINDS, Kind, Names, Page, comment_ids, read_page
from bots.sources.option_types import BaseUrl, between
from config.units import Duration

MOST_PAGES = 10  # of comments in a second look; of a longer thread only its own deletion is seen
_REPOSITORY = re.compile(r"[a-z\d][a-z\d-]{0,38}/[\w.-]{1,100}", re.ASCII)


class GitHubOptions(SourceOptions):
    """Which repositories, and how often."""

    repositories: Annotated[tuple[str, ...], Field(max_length=100)] = Field(
        default=(), description="Repositories as owner/name."
    )
    token: SecretStr | None = Field(
        default=None,
        description="Access token without any scope: 5,000 requests an hour in place of 60.",
    )
    base_url: BaseUrl = Field(default="https://api.github.com", description="Address of the API.")
    every: Annotated[Duration, between(timedelta(milliseconds=1), timedelta(hours=1))] = Field(
        default=timedelta(minutes=5), description="Pause between two looks, at most 1h."
    )
    first: Duration = Field(default=timedelta(days=1), description="At the first start, so far back.")
    recheck: Annotated[int, Field(ge=0, le=100)] = Field(
        default=2, description="Between two looks, at most so many threads are looked at again for deletions."
    )

    @field_validator("repositories")
    @classmethod
    def _names(cls, repositories: tuple[str, ...]) -> tuple[str, ...]:
        for name in repositories:
            if not _REPOSITORY.fullmatch(name.lower()):
                raise ValueError(f"{name!r} is not owner/name, such as python/cpython")
        return tuple(dict.fromkeys(name.lower() for name in repositories))


class Api:
    """The REST API of one server. Every method raises `HttpError`."""

    def __init__(self, options: GitHubOptions, tools: Tools, names: Names) -> None:
        self._options, self._tools, self._names = options, tools, names
        self._free = 0.0  # when the next request is due (the loop's clock)
        self.poll_s = 0.0
        """The pause between two looks that GitHub asks for."""

    async def page(self, key: str, asked: Mapping[str, str], page: int, etag: str | None) -> tuple[Page, str | None]:
        """A page of a list, `owner/name kind`, and its validator; an empty one if `etag` still holds."""
        repository, _, name = key.partition(" ")
        kind: Kind = next(kind for kind in KINDS if kind == name)
        path = f"{repository}/issues/comments" if kind == "comments" else f"{repository}/{kind}"
        answer = await self._ask(path, {**asked, "page": str(page)}, etag if page == 1 else None)
        if answer.unchanged:
            return Page([], []), etag
        more = _has_next(answer)
        found = await asyncio.to_thread(read_page, answer.body, repository, kind, self._names, more=more)
        return found, answer.etag

    async def there(self, thread: str) -> set[str] | None:
        """The comments of a thread that is there; None: too many to say."""
        if "/releases/" in thread:
            await self._ask(thread, {})
            return set()
        found = set[str]()
        for page in range(1, MOST_PAGES + 1):
            answer = await self._ask(f"{thread}/comments", {"page": str(page)})
            found.update(comment_ids(answer.body))
            if not _has_next(answer):
                return found
        return None

    async def _ask(self, path: str, params: Mapping[str, str], etag: str | None = None) -> Response:
        await asyncio.sleep(max(0.0, self._free - asyncio.get_running_loop().time()))
        headers = {"Accept": "application/vnd.github.html+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self._options.token is not None:
            headers["Authorization"] = f"Bearer {self._options.token.get_secret_value()}"
        url = f"{self._options.base_url}/repos/{path}"
        asked = {"per_page": "100", **params}
        answer = await self._tools.http.get_bytes(url, params=asked, headers=headers, etag=etag)
        self._pace(_lower(answer.headers))
        return answer

    def _pace(self, headers: Mapping[str, str]) -> None:
        """What is left of the allowance lasts until it is renewed, if requests come evenly."""
        self.poll_s = min(3_600.0, _number(headers.get("x-poll-interval")) or self.poll_s)
        left, renewed = _number(headers.get("x-ratelimit-remaining")), _number(headers.get("x-ratelimit-reset"))
        if left is not None and renewed is not None:
            pause = max(0.0, min(3_600.0, renewed - self._tools.now().timestamp()) / max(1.0, left))
            self._free = asyncio.get_running_loop().time() + pause


def _has_next(answer: Response) -> bool:
    return 'rel="next"' in _lower(answer.headers).get("link", "")


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
