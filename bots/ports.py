"""The port of the API, looked at before anything heavy is started."""

from __future__ import annotations

import errno
import os
import socket

from bots.settings import Failed


def free_or_configured(host: str, port: int) -> int:
    """`port`, or a free one for 0. Raises `Failed` when it cannot be listened on."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere the option means something else
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise Failed(_why_not(error, host, port), code=2) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"api.port: {host}:{port} is used by another program. Stop that one, or set another api.port "
            "(TERTULIA_API__PORT=6067; 0 takes a free one)"
        )
    if error.errno == errno.EACCES:
        return f"api.port: {port} needs rights that this user does not have; take a port above 1023"
    return f"api.host: cannot listen on {host}: {error.strerror or error}"
