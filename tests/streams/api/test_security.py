"""The token, and the Host header."""

from __future__ import annotations

import aiohttp
import pytest

from streams.api import ApiServer, CannotListen
from streams.api.peers import Peers, alone
from streams.api.security import TokenMissing, is_loopback
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import StubDesk, make_config


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_beyond_loopback_a_token_is_required(host: str) -> None:
    config = make_config(host=host)
    with pytest.raises(TokenMissing, match=r"`api\.token` is not set"):
        ApiServer(StubDesk(config), config, Peers(alone, 4), list, list)


def test_an_empty_token_is_no_token() -> None:
    config = make_config(host="0.0.0.0", token="")
    with pytest.raises(TokenMissing, match="TERTULIA_API__TOKEN"):
        ApiServer(StubDesk(config), config, Peers(alone, 4), list, list)


@pytest.mark.parametrize(
    ("host", "yes"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("evil", False)],
)
def test_is_loopback(host: str, yes: bool) -> None:
    assert is_loopback(host) is yes


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "secret"},
        {"Authorization": "Basic secret"},
        {"Authorization": "Bearer s\u00e9cret"},
        {"Authorization": "Bearer secretsecret"},
    ],
)
async def test_without_the_token_nothing_is_told(
    serve: Serve, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    server = await serve(config=make_config(token="secret"))
    for path in ("/api/brands", "/metrics", "/openapi.json", "/api/live", "/api/brands/nobody/pulse", "/nowhere"):
        async with http.get(server.url + path, headers=headers) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert (await response.json(content_type="application/problem+json"))["status"] == 401


async def test_probes_and_the_empty_page_are_free_and_the_token_opens_the_rest(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    server = await serve(config=make_config(token="secret"))
    for path in ("/healthz", "/readyz", "/", "/dashboard.js"):
        async with http.get(server.url + path) as response:
            assert response.status == 200
    async with http.get(server.url + "/api/brands", headers={"Authorization": "bearer secret"}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:6066", "127.0.0.1.evil.example", "[::1", "", "10.0.0.1"]
)
async def test_a_page_elsewhere_cannot_rebind_its_name_to_loopback(
    serve: Serve, http: aiohttp.ClientSession, host: str
) -> None:
    server = await serve()
    async with http.get(server.url + "/api/brands", headers={"Host": host}) as response:
        assert response.status == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:6066", "127.0.0.1:1", "[::1]:6066", "proxy.example"])
async def test_names_of_loopback_and_the_advertised_one_are_fine(
    serve: Serve, http: aiohttp.ClientSession, host: str
) -> None:
    server = await serve(config=make_config(advertise="https://proxy.example/"))
    async with http.get(server.url + "/api/brands", headers={"Host": host}) as response:
        assert response.status == 200


async def test_a_busy_port_names_its_key(serve: Serve) -> None:
    first = await serve()
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(CannotListen, match=rf"`api.port`: 127.0.0.1:{port} is in use"):
        await serve(config=make_config(port=port))


async def test_an_address_of_another_machine_names_its_key(serve: Serve) -> None:
    with pytest.raises(CannotListen, match=r"`api\.host`: cannot listen"):
        await serve(config=make_config(host="192.0.2.1", token="x"))
