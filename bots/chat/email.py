"""Mail by SMTP: text and HTML, with the chart inside (RFC 5321, 5322; MIME by RFC 2045 and 2387).

The Message-ID is made from the message's key: after a crash a mail may be sent twice, and many mail programs then show
it once.
"""

from __future__ import annotations

import base64
import logging
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Final, Literal, Self

import aiosmtplib
from pydantic import Field, SecretStr, model_validator

from bots.chat.base import ONE_PLACE, Delivered, Message, Outcome, Outlet, Refused, RetryLater
from bots.chat.drawing import MOST_TITLE
from bots.chat.limits import RateText
from bots.chat.options import PictureOptions
from bots.chat.post import without
from bots.chat.taming import clean, tame
from bots.chat.text import as_html, as_plain, escape

log = logging.getLogger(__name__)
MOST: Final = 30_000
MOST_REASON: Final = 200
LOCAL: Final = ("localhost", "127.0.0.1", "::1")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$", max_length=254)]


class EmailOptions(PictureOptions):
    """Alerts by mail."""

    kind: Literal["email"] = Field(default="email", description="What this outlet is.")
    rate: RateText = Field(default="10/1m", description="Mails in a time.")
    host: Annotated[str, Field(pattern=r"^\S+$")] = Field(description="The mail server that takes our mail.")
    port: Annotated[int, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Its port; by default that of `security`: 587, 465 or 25."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to it is encrypted; `none`: everybody on the way can read along."
    )
    user: str | None = Field(default=None, description="Name to log in with; none: no login.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    sender: Address = Field(description="Whom the mail is from.")
    recipients: Annotated[tuple[Address, ...], Field(min_length=1, max_length=100)] = Field(
        description="Who gets it; all see each other's addresses."
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.password and self.security == "none" and self.host not in LOCAL:
            raise ValueError("security: with none the password would travel for all to read; take starttls or tls")
        return self

    @property
    def actual_port(self) -> int:
        """The one given, else the usual one."""
        return self.port or PORTS[self.security]


class Email(Outlet):
    """See the module."""

    name = "email"
    options_type = EmailOptions
    options: EmailOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One mail to all; whoever the server does not take is left out unless it takes nobody."""
        if to is not None:
            return ONE_PLACE
        where = f"{self.options.host}:{self.options.actual_port}"
        try:
            left_out = await self._hand_over(mail(message, self.options, self.tools.now()))
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refusal(where, min(each.code for each in error.recipients), "nobody is taken as a recipient")
        except aiosmtplib.SMTPResponseException as error:
            return _refusal(where, error.code, without(_secrets(self.options), error.message))
        except (aiosmtplib.SMTPException, OSError) as error:
            return RetryLater(f"{where} cannot be reached: {type(error).__name__}")
        except ValueError:  # such as mail..example.org
            return Refused(f"{where} cannot be asked: its name or the login holds what SMTP does not allow")
        for address, (code, said) in left_out.items():
            log.warning("email: %s was not taken: %d %s", address, code, clean(said)[:MOST_REASON])
        return Delivered()

    async def _hand_over(self, mail: EmailMessage) -> dict[str, tuple[int, str]]:
        """Whom the server did not take, and its words."""
        options, password = self.options, self.options.password
        refused, _ = await aiosmtplib.send(
            mail,
            sender=options.sender,
            recipients=list(options.recipients),
            hostname=options.host,
            port=options.actual_port,
            username=options.user,
            password=None if password is None else password.get_secret_value(),
            timeout=options.timeout.total_seconds(),
            use_tls=options.security == "tls",
            start_tls=options.security == "starttls",
            tls_context=None if options.security == "none" else ssl.create_default_context(),
        )
        return {address: (answer.code, answer.message) for address, answer in refused.items()}


def mail(message: Message, options: EmailOptions, now: datetime) -> EmailMessage:
    """The mail as it is sent."""
    found = EmailMessage(policy=SMTP)
    found["From"], found["To"] = options.sender, ", ".join(options.recipients)
    found["Subject"] = tame(message.document.title, MOST_TITLE)
    found["Date"] = format_datetime(now)
    found["Message-ID"] = f"<{message.key}@{options.sender.partition('@')[2]}>"
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    found["Content-Language"] = message.lang
    found.set_content(as_plain(message.document, MOST, lang=message.lang))
    found.add_alternative(_page(message), subtype="html")
    if message.picture is not None:
        parts = found.get_payload()
        assert isinstance(parts, list), "there are two alternatives"
        related = parts[1]
        assert isinstance(related, EmailMessage), "we made it"
        related.add_related(message.picture.png, "image", "png", cid="<chart>", filename="chart.png")
    return found


def _page(message: Message) -> str:
    shown = "" if message.picture is None else f'<p><img src="cid:chart" alt="{escape(message.picture.alt)}"></p>'
    body = as_html(message.document, MOST, lang=message.lang)
    return f'<html lang="{message.lang}"><head><meta charset="utf-8"></head><body>{body}{shown}</body></html>'


def _refusal(where: str, code: int, said: str) -> Outcome:
    """5xx is final. The rest passes: 4xx (greylisting, a full disk), and -1, which is no answer of SMTP at all.

    The words are the server's.
    """
    reason = f"{where} answers {code}: {clean(said)[:MOST_REASON]}"
    return Refused(reason) if 500 <= code < 600 else RetryLater(reason)


def _secrets(options: EmailOptions) -> list[str]:
    """What a server must not get us to log by repeating it: the password, also as AUTH LOGIN and PLAIN send it."""
    if options.password is None:
        return []
    password = options.password.get_secret_value()
    said = (password, f"\0{options.user}\0{password}")
    return [password, *(base64.b64encode(each.encode()).decode() for each in said)]
