"""Mail through a real mail server (aiosmtpd) with real TLS, read again by the standard library's parser."""

from __future__ import annotations

import asyncio
import base64
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater, Tools
from bots.chat.document import Document, Picture
from bots.chat.email import Email, EmailOptions
from tests.bots.chat.destination import NOW, PNG, session
from tests.bots.chat.mail_server import MailDestination, mail_server
from tests.bots.chat.messages import HOSTILE, message
from tests.contract.outlet_worlds import mail_of

TEAM, BOSS = "team@example.org", "boss@example.org"
GIVEN = {"host": "127.0.0.1", "sender": "tertulia@brand.example", "recipients": [TEAM, BOSS]}


async def sent(place: MailDestination, told: Message, **more: Any) -> Outcome:
    given = {**GIVEN, "security": "none", "port": int(place.url.rpartition(":")[2]), "timeout": "5s", **more}
    async with session() as http:
        return await Email(EmailOptions.model_validate(given), Tools(http, lambda: NOW)).send(told)


async def test_the_mail_in_full() -> None:
    async with mail_server() as place:
        assert await sent(place, message(lang="es", picture=Picture(PNG, 'Gráfico "de" Acme'))) == Delivered()
    mail = mail_of(place.seen[0])
    assert mail["From"] == GIVEN["sender"]
    assert mail["To"] == f"{TEAM}, {BOSS}"
    assert mail["Subject"] == "🔺 Acme: 84 posts in 5m"
    assert mail["Message-ID"] == "<f00d-1@brand.example>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    html = mail.get_body(("html",))
    assert html is not None
    assert '<html lang="es">' in html.get_content()
    assert '<img src="cid:chart" alt="Gráfico &quot;de&quot; Acme">' in html.get_content()
    image = list(mail.walk())[-1]
    assert image["Content-ID"] == "<chart>"
    assert base64.b64decode(str(image.get_payload())) == PNG


async def test_a_title_cannot_add_a_header() -> None:
    document = Document(f"x\r\nBcc: evil@example.org\r\n\r\n{HOSTILE}")
    async with mail_server() as place:
        assert await sent(place, Message("k", document)) == Delivered()
    mail = mail_of(place.seen[0])
    assert mail["Bcc"] is None
    assert "Bcc: evil@" in mail["Subject"].replace("\u200b", "")


async def test_whom_the_server_does_not_take_is_named_and_the_others_get_it(caplog: pytest.LogCaptureFixture) -> None:
    async with mail_server() as place:
        place.refused = {BOSS: "550 5.1.1 no such user"}
        assert await sent(place, message()) == Delivered()
    assert len(place.seen) == 1
    assert f"{BOSS} was not taken: 550 5.1.1 no such user" in caplog.text


@pytest.mark.parametrize(
    ("words", "kind"),
    [(("550 no", "550 no"), Refused), (("451 later", "550 no"), RetryLater), (("451 a", "451 b"), RetryLater)],
)
async def test_when_nobody_is_taken_it_is_tried_again_as_long_as_somebody_may_be(
    words: tuple[str, str], kind: type
) -> None:
    async with mail_server() as place:
        place.refused = dict(zip((TEAM, BOSS), words, strict=True))
        assert isinstance(await sent(place, message()), kind)


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> trustme.CA:
    """One that this process trusts."""
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return found


def _server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_login_and_mail_travel_encrypted(authority: trustme.CA, security: str) -> None:
    async with mail_server(_server_side(authority), tls=security == "tls", auth=True) as place:
        login = {"user": "tertulia", "password": "s3cr3t-t0ken"}
        assert await sent(place, message(), security=security, **login) == Delivered()
    assert place.logins == [(b"tertulia", b"s3cr3t-t0ken")]


async def test_a_wrong_password_is_refused_without_being_told(authority: trustme.CA) -> None:
    async with mail_server(_server_side(authority), auth=True) as place:
        outcome = await sent(place, message(), security="starttls", user="tertulia", password="wr0ng-wr0ng")
    assert isinstance(outcome, Refused)
    assert "535" in outcome.reason
    assert "wr0ng" not in outcome.reason
    assert not place.seen


@pytest.mark.parametrize(("said", "kind"), [("no, {}", Refused), ("garbage", RetryLater)])
async def test_a_password_that_a_server_repeats_is_not_told(said: str, kind: type) -> None:
    """A server that says back what it was sent to log in; or that speaks no SMTP, which may pass."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        while line := (await reader.readline()).decode().strip():
            answer = "250-hi\r\n250 AUTH PLAIN" if line.startswith("EHLO") else f"535 {said.format(line)}"
            writer.write(f"{'garbage' if said == 'garbage' else answer}\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    place = MailDestination()
    place.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    outcome = await sent(place, message(), user="tertulia", password="wr0ng-wr0ng")
    server.close()
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Delivered)
    for form in (b"wr0ng-wr0ng", b"\0tertulia\0wr0ng-wr0ng"):
        assert base64.b64encode(form).decode() not in outcome.reason
    assert kind is not Refused or "no, AUTH PLAIN …" in outcome.reason


async def test_a_name_that_is_none_is_refused() -> None:
    async with session() as http:
        options = EmailOptions.model_validate({**GIVEN, "host": "mail..example.org"})
        assert isinstance(await Email(options, Tools(http, lambda: NOW)).send(message()), Refused)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_is_not_who_it_says_gets_nothing(authority: trustme.CA, security: str) -> None:
    async with mail_server(_server_side(authority, "other.example"), tls=security == "tls") as place:
        assert isinstance(await sent(place, message(), security=security), RetryLater)
    assert not place.seen


async def test_a_server_without_encryption_gets_nothing() -> None:
    async with mail_server() as place:
        assert not isinstance(await sent(place, message(), security="starttls"), Delivered)
    assert not place.seen


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_security(security: str, port: int) -> None:
    assert EmailOptions.model_validate({**GIVEN, "security": security}).actual_port == port
    assert EmailOptions.model_validate({**GIVEN, "security": security, "port": 2525}).actual_port == 2525


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["team"]}, "recipients"),
        ({"sender": "Tertulia <t@example.org>"}, "sender"),
        ({"user": "x"}, "go together"),
        ({"password": "x"}, "go together"),
        ({"host": "mail.example", "user": "x", "password": "y", "security": "none"}, "for all to read"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EmailOptions.model_validate({**GIVEN, **wrong})
