"""Everything else, through Apprise (https://github.com/caronc/apprise): over a hundred services, each by an address.

Apprise says no more than whether it worked, so whatever fails is tried again. It knows no message by a key of ours:
after a crash one may come twice. What it writes to its log can hold addresses and tokens, so it is kept silent:
`apprise -vv -b test ADDRESS` says why something does not arrive.
"""

from __future__ import annotations

import asyncio
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SecretStr, field_validator

from bots.chat.base import ONE_PLACE, Delivered, Message, Outcome, Outlet, RetryLater, Tools
from bots.chat.drawing import MOST_TITLE, utf8
from bots.chat.limits import RateText
from bots.chat.options import PictureOptions
from bots.chat.taming import tame
from bots.chat.text import MOST, as_plain

if TYPE_CHECKING:
    from apprise import NotifyBase

NEEDED: Final = "Apprise is not installed: pip install 'tertulia[apprise]'"


class AppriseOptions(PictureOptions):
    """Alerts to any service that Apprise knows; needs `pip install 'tertulia[apprise]'`."""

    kind: Literal["apprise"] = Field(default="apprise", description="What this outlet is.")
    rate: RateText = Field(default="1/1s", description="Messages in a time, as the service allows.")
    url: SecretStr = Field(description="Apprise's address of the service, such as ntfy://… or xmpp://…")

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr) -> SecretStr:
        if find_spec("apprise") is None:
            raise ValueError(NEEDED)
        if _service(url) is None:
            raise ValueError("is no address that Apprise knows; its wiki lists them")
        return url


class Apprise(Outlet):
    """See the module."""

    name = "apprise"
    options_type = AppriseOptions
    options: AppriseOptions

    def __init__(self, options: AppriseOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._one_at_a_time = asyncio.Lock()  # a service of Apprise is not made for several threads

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One notification, in a thread. One that is late is taken for failed, though it may still arrive."""
        if to is not None:
            return ONE_PLACE
        limit = self.options.timeout.total_seconds()
        try:
            async with self._one_at_a_time, asyncio.timeout(limit):
                done = await asyncio.to_thread(_notify, self.options.url, message)
        except TimeoutError:
            return RetryLater(f"Apprise did not finish within {limit:g} s")
        except Exception as error:  # its hundred services raise what they like, and some of it holds the address
            return RetryLater(f"Apprise failed: {type(error).__name__}")
        return Delivered() if done else RetryLater("Apprise could not deliver it")


def _service(url: SecretStr) -> NotifyBase | None:
    import apprise  # noqa: PLC0415 - an extra

    for name in ("apprise", "urllib3"):  # the latter's DEBUG holds paths, and with them tokens
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(http_redirects=False)  # a token goes only where it was meant to
    made: NotifyBase | None = apprise.Apprise.instantiate(url.get_secret_value(), asset=asset)
    return made


def _notify(url: SecretStr, message: Message) -> bool:
    from apprise import AppriseAttachment, NotifyFormat  # noqa: PLC0415 - as above
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    service: Any = _service(url)
    assert service is not None, "the options were checked"
    title = tame(message.document.title, min(MOST_TITLE, service.title_maxlen)) if service.title_maxlen else ""
    most = min(MOST, service.body_maxlen - utf8(title))
    attached = None
    if message.picture is not None:
        attached = AppriseAttachment()
        chart: Any = AttachMemory  # its constructor has no types
        attached.add(chart(content=message.picture.png, name="chart.png", mimetype="image/png"))
    body = as_plain(message.document, most, utf8, message.lang)
    body = body.partition("\n")[2] or body if title else body
    return bool(service.notify(body=body, title=title, body_format=NotifyFormat.TEXT, attach=attached))
