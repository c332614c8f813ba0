"""The loader's complaints about one file, with two sources and an outlet of the tests' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from config.load import examine
from config.schema import Section
from config.units import Duration

BRAND = "brands: [{name: fairphone, terms: [Fairphone]}]\n"


class FeedOptions(Section):
    """A source."""

    enabled: bool = Field(default=True, description="Whether to collect from it.")
    urls: tuple[str, ...] = Field(default=(), description="Addresses.")
    every: Duration = Field(default=timedelta(minutes=5), description="How often.")
    token: SecretStr | None = Field(default=None, description="Key of the network.")


class HookOptions(Section):
    """An outlet."""

    kind: Literal["webhook"] = Field(default="webhook", description="What it is.")
    url: SecretStr = Field(description="Where to.")
    tries: int = Field(default=3, ge=1, description="Attempts.")


SOURCES: Mapping[str, type[Section]] = dict.fromkeys(("bluesky", "hackernews", "demo", "rss"), FeedOptions)
OUTLETS: Mapping[str, type[Section]] = {"webhook": HookOptions}


class Complaints:
    """Every problem, one line each, with `tertulia.yaml` for the path of the file and `~` for its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "tertulia.yaml"

    def __call__(
        self, content: str | bytes, *, env: Mapping[str, str] | None = None, brand: Sequence[str] = ()
    ) -> list[str]:
        """Write the file and look at it."""
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.of(self.file, env=env, brand=brand)

    def of(self, file: Path, *, env: Mapping[str, str] | None = None, brand: Sequence[str] = ()) -> list[str]:
        """Look at a file that is there, or is not."""
        found = examine(file, sources=SOURCES, outlets=OUTLETS, env=env or {}, brand=brand, data_dir=None)
        assert (found.config is None) == any(problem.severity == "error" for problem in found.problems)
        lines = (str(problem).replace(str(self.file), "tertulia.yaml") for problem in found.problems)
        return [line.replace(str(self.folder), "~") for line in lines]
