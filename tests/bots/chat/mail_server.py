"""A mail server on loopback, aiosmtpd, that keeps what it gets and answers as told: the face of a `Destination`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.bots.chat.destination import Answer, Seen


class MailDestination:
    """HTTP's statuses stand for the codes of SMTP: 2xx for 250, what passes for 451, the rest for 550."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Answer] = []
        self.usual = Answer()
        self.refused: dict[str, str] = {}  # recipient -> the server's words
        self.logins: list[tuple[bytes, bytes]] = []
        self.url = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        answer = self.answers.pop(0) if self.answers else self.usual
        assert isinstance(envelope.content, bytes)
        self.seen.append(Seen("MAIL", str(envelope.mail_from), {}, envelope.content))
        if answer.how == "hang":
            await asyncio.sleep(3_600)
        if answer.how == "cut":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return f"{code(answer.status)} {answer.body}".strip()

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3cr3t-t0ken", handled=False)


def code(status: int) -> int:
    """SMTP's code for what HTTP would call `status`."""
    if status < 300:
        return 250
    return 451 if status in (408, 425, 429) or status >= 500 else 550


@asynccontextmanager
async def mail_server(
    context: ssl.SSLContext | None = None, *, tls: bool = False, auth: bool = False
) -> AsyncIterator[MailDestination]:
    """Serve until the block ends. With a `context`: STARTTLS is demanded, or TLS from the start (`tls`)."""
    found = MailDestination()

    def protocol() -> SMTP:
        return SMTP(
            found,
            hostname="mail.example",
            tls_context=None if tls else context,
            require_starttls=context is not None and not tls,
            authenticator=found.login if auth else None,
            auth_required=auth,
            auth_require_tls=not tls and context is not None,
            enable_SMTPUTF8=False,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context if tls else None)
    found.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
