"""The HTTP API: any worker answers for any brand."""

from streams.api.server import ApiServer, CannotListen

__all__ = ["ApiServer", "CannotListen"]
