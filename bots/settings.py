"""What every command starts from: its options, the configuration behind them, and where the running service is."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.load import Examination
    from config.schema import Config


class Failed(Exception):
    """The command cannot do what was asked; the text is for a person. `code`: 1, or 2 for wrong use."""

    def __init__(self, reason: str, code: int = 1) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Options:
    """The options that all commands share."""

    config: Path | None = None
    data_dir: Path | None = None
    api: str | None = None
    json: bool = False
    brands: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The same options for a child process. Secrets are not among them: they come by environment and files."""
        given = [("--config", self.config), ("--data-dir", self.data_dir), *(("--brand", name) for name in self.brands)]
        return [word for name, value in given if value is not None for word in (name, str(value))]


def examine(options: Options) -> Examination:
    """Look at the configuration, with the options of every source and outlet that there is."""
    from bots.chat import OUTLETS
    from bots.sources.registry import SOURCES
    from config import load

    return load.examine(
        options.config,
        sources={name: source.options_type for name, source in SOURCES.items()},
        outlets={name: outlet.options_type for name, outlet in OUTLETS.items()},
        env=os.environ,
        brand=options.brands,
        data_dir=options.data_dir,
    )


def configuration(options: Options) -> Config:
    """The configuration; what is only probably wrong goes to stderr. Raises `ConfigError`."""
    from config.problems import ConfigError

    found = examine(options)
    if found.config is None:
        raise ConfigError([problem for problem in found.problems if problem.severity == "error"])
    for problem in found.problems:
        print(problem, file=sys.stderr)
    return found.config


def bootstrap_of(config: Config) -> str:
    """The Kafka of the configuration, else that of the service running with this data folder. Raises `Failed`."""
    from bots import runfile

    running = runfile.read(config.data_dir)
    if config.kafka.bootstrap:
        return config.kafka.bootstrap
    if running is None:
        raise Failed(
            f"there is no Kafka: no `tertulia up` runs with {config.data_dir}, and kafka.bootstrap names no cluster"
        )
    return running.bootstrap


def api_of(config: Config, options: Options) -> str:
    """The URL to ask: --api, else the service running with this data folder, else the configured address: what others
    reach it by, or where it listens.
    """
    from bots import runfile

    running = None if options.api else runfile.read(config.data_dir)
    if running is not None:
        return running.api
    return options.api or config.api.advertise or url_of(config.api.host, config.api.port)


def url_of(host: str, port: int) -> str:
    """The URL under which this machine reaches a server that listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
