"""The port of the API is looked at before anything heavy starts."""

from __future__ import annotations

import socket

import pytest

from bots.ports import free_or_configured
from bots.settings import Failed, url_of


def test_zero_is_a_free_one() -> None:
    assert free_or_configured("127.0.0.1", 0) > 0


def test_a_busy_port_names_the_key() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed) as caught:
            free_or_configured("127.0.0.1", port)
    assert str(caught.value).startswith(f"api.port: 127.0.0.1:{port} is used by another program.")
    assert caught.value.code == 2


def test_a_host_of_another_machine_names_the_key() -> None:
    with pytest.raises(Failed, match=r"^api\.host: cannot listen on 192\.0\.2\.1: "):
        free_or_configured("192.0.2.1", 6066)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1")],
)
def test_the_url_that_this_machine_reaches(host: str, url: str) -> None:
    assert url_of(host, 1) == url
