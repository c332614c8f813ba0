"""Errors that are not bugs: what to tell a person, and the exit code (1: it cannot be done, 2: wrong use)."""

from __future__ import annotations

from aiokafka.errors import KafkaError as ClientError
from kafka.errors import KafkaError as AdminClientError

from bots.commands.client import AskFailed
from bots.settings import Failed
from bots.sources.base import Misconfigured
from classifiers import BadModel
from config.problems import ConfigError
from streams.admin import AdminError
from streams.broker import ArtifactError, BrokerError
from streams.worker import WorkerFailed

_ONE_LINE = (AskFailed, AdminError, ArtifactError, BrokerError, WorkerFailed, ClientError, AdminClientError, OSError)


def explain(error: BaseException) -> tuple[str, int] | None:
    """The message and exit code of an error, or `None` for a bug, whose traceback is wanted."""
    if isinstance(error, ConfigError):
        return str(error), 2
    if isinstance(error, Failed):
        return f"tertulia: {error}", error.code
    if isinstance(error, Misconfigured | BadModel):
        return f"tertulia: {error}", 2
    if isinstance(error, _ONE_LINE):
        return f"tertulia: {error or type(error).__name__}", 1
    return None
