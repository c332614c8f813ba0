"""Every outlet's way to a destination on loopback, and how to read there what it would show."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qs

import msgspec
from yarl import URL

from tests.bots.chat.destination import Answer, Destination, Seen, destination
from tests.bots.chat.mail_server import MailDestination, mail_server

SECRET = "s3cr3t-t0ken"
Place: TypeAlias = Destination | MailDestination


@dataclass(frozen=True)
class World:
    """One outlet, in one of its ways.

    `options` lead to a destination's address. `shown`: what a request says, markup and all. `identity`: by what the
    destination can tell that it has seen the message before; None: by nothing. `size`: of what has to be below `most`.
    """

    outlet: str
    options: Callable[[str], dict[str, Any]]
    shown: Callable[[Seen], str]
    most: int
    size: Callable[[Seen], int]
    fine: str = "{}"  # the body of a good answer
    good: tuple[int, ...] = (200, 201, 202, 204)
    identity: Callable[[Seen], object] | None = None
    needs_body: bool = False  # 2xx alone does not say that it worked
    by_http: bool = True
    tells_why: bool = True  # False: the outlet learns no more than whether it worked
    rooms: tuple[str, str] | None = None  # a `to`, and what of it the request has to name
    raw: Callable[[Seen], str] = lambda seen: seen.body.decode()  # the form in which links bear names
    named_links: bool = True
    pictures: bool = False
    draws: bool = True  # it shows the document; False: it hands on the alerts themselves


def _json(seen: Seen) -> Any:
    return msgspec.json.decode(seen.body)


def form(seen: Seen) -> dict[str, str]:
    """The fields of a form."""
    return {name: values[0] for name, values in parse_qs(seen.body.decode(), keep_blank_values=True).items()}


def _texts(node: object) -> str:
    """All that stands under `text` in a JSON of blocks, in order."""
    if isinstance(node, list):
        return "".join(_texts(part) for part in node)
    if not isinstance(node, dict):
        return ""
    own = node["text"] if isinstance(node.get("text"), str) else ""
    return own + "".join(_texts(part) for part in node.values()) + ("\n" if node.get("type") == "RichTextBlock" else "")


def _slack(given: dict[str, Any]) -> str:
    return f"{html.unescape(given['text'])}\n{_texts(given['blocks'])}"


def _slack_form(seen: Seen) -> dict[str, Any]:
    found = form(seen)
    return {**found, "blocks": msgspec.json.decode(found["blocks"])}


def _discord(seen: Seen) -> str:
    given = _json(seen)
    return "\n".join([given["content"], *(embed["description"] for embed in given.get("embeds", []))])


def mail_of(seen: Seen) -> email.message.EmailMessage:
    """The mail, parsed by the standard library."""
    found = email.message_from_bytes(seen.body, policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def _mail(seen: Seen) -> str:
    plain = mail_of(seen).get_body(("plain",))
    assert plain is not None
    return str(plain.get_content()).replace("\r\n", "\n")


def _html(seen: Seen) -> str:
    page = mail_of(seen).get_body(("html",))
    assert page is not None
    return str(page.get_content())


def _port(url: str) -> int:
    port = URL(url).port
    assert port is not None
    return port


def utf16(text: str) -> int:
    return sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)


OK_SLACK = (
    '{"ok":true,"upload_url":"URL/up","file_id":"F1","channel":"C012","ts":"1700000000.000100","message":{"text":"'
    + "x" * 5_000
    + '"}}'
)
OK_TELEGRAM = '{"ok":true,"result":{"message_id":7,"date":0,"chat":{"id":1,"type":"group"}}}'
TOKEN = f"123:{SECRET}"
WORLDS: dict[str, World] = {
    "webhook": World(
        "webhook",
        lambda url: {"url": f"{url}/hook/{SECRET}?key={SECRET}", "secret": SECRET},
        lambda seen: str(_json(seen)["data"]["text"]),
        12_000,
        lambda seen: len(_json(seen)["data"]["text"]),
        identity=lambda seen: seen.headers["Idempotency-Key"],
        named_links=False,
    ),
    "matrix": World(
        "matrix",
        lambda url: {"homeserver": url, "room": "!room:example.org", "token": SECRET},
        lambda seen: str(_json(seen)["body"]),
        60_000,  # an event has 64 KiB
        lambda seen: len(seen.body),
        fine='{"event_id":"$1","content_uri":"mxc://example.org/1"}',
        pictures=True,
        identity=lambda seen: (seen.method, seen.path),
        rooms=("!other:example.org/$event", "/rooms/!other:example.org/"),
    ),
    "slack": World(
        "slack",
        lambda url: {"base_url": url, "channel": "C012", "token": SECRET},
        lambda seen: _slack(_slack_form(seen)),
        13_000,  # of all blocks: above, Slack has been seen to say msg_blocks_too_long
        lambda seen: len(form(seen)["blocks"].encode()),
        fine=OK_SLACK,
        good=(200,),
        needs_body=True,
        rooms=("C999/1700000000.000200", "channel=C999"),
        raw=lambda seen: str(_slack_form(seen)["blocks"]),
        pictures=True,
    ),
    "slack by webhook": World(
        "slack",
        lambda url: {"webhook_url": f"{url}/services/T0/B0/{SECRET}"},
        lambda seen: _slack(_json(seen)),
        13_000,
        lambda seen: len(msgspec.json.encode(_json(seen)["blocks"])),
        fine="ok",
    ),
    "discord": World(
        "discord",
        lambda url: {"base_url": url, "channel": "123456", "token": SECRET},
        _discord,
        4_096,
        lambda seen: max(utf16(embed["description"]) for embed in _json(seen)["embeds"]),
        identity=lambda seen: _json(seen)["nonce"],
        rooms=("98765/43210", "/channels/98765/"),
        pictures=True,
    ),
    "discord by webhook": World(
        "discord",
        lambda url: {"webhook_url": f"{url}/api/webhooks/1/{SECRET}"},
        _discord,
        4_096,
        lambda seen: max(utf16(embed["description"]) for embed in _json(seen)["embeds"]),
        pictures=True,
    ),
    "telegram": World(
        "telegram",
        lambda url: {"base_url": url, "chat": -100123, "token": TOKEN},
        lambda seen: html.unescape(re.sub(r"<[^>]*>", "", _json(seen)["text"])),
        4_096,
        lambda seen: utf16(_json(seen)["text"]),
        fine=OK_TELEGRAM,
        good=(200,),
        needs_body=True,
        rooms=("-100999/12", '"chat_id":-100999'),
        pictures=True,
    ),
    "mattermost": World(
        "mattermost",
        lambda url: {"url": f"{url}/hooks/{SECRET}"},
        lambda seen: str(_json(seen)["attachments"][0]["text"]),
        8_000,
        lambda seen: len(seen.body.decode()),
        fine="ok",
    ),
    "teams": World(
        "teams",
        lambda url: {"url": f"{url}/workflows/{SECRET}/triggers?sig={SECRET}"},
        lambda seen: _texts(_json(seen)["attachments"][0]["content"]["body"]),
        21_000,  # 28 KB by the documentation; less by the tests of rubydoc.info/gems/msteams_hermes
        lambda seen: len(seen.body),
        fine="",
    ),
    "email": World(
        "email",
        lambda url: {
            "host": "127.0.0.1",
            "port": _port(url),
            "security": "none",
            "user": "tertulia",
            "password": SECRET,
            "sender": "tertulia@example.org",
            "recipients": ["team@example.org", "boss@example.org"],
        },
        _mail,
        30_000,
        lambda seen: len(_mail(seen)),
        identity=lambda seen: mail_of(seen)["Message-ID"],
        by_http=False,
        raw=_html,
        pictures=True,
    ),
    "alertmanager": World(
        "alertmanager",
        lambda url: {"url": f"{url}/prefix", "token": SECRET},
        lambda seen: "".join(each["annotations"]["summary"] for each in _json(seen)),
        100_000,
        lambda seen: len(seen.body),
        fine="",
        draws=False,
    ),
    "apprise": World(
        "apprise",
        lambda url: {"url": f"json://user:{SECRET}@127.0.0.1:{_port(url)}/"},
        lambda seen: f"{_json(seen)['title']}\n{_json(seen)['message']}",
        32_768,  # what Apprise takes for JSON
        lambda seen: len(_json(seen)["message"]),
        good=(200,),
        tells_why=False,
        named_links=False,
        pictures=True,
    ),
}


@asynccontextmanager
async def place_of(world: World) -> AsyncIterator[Place]:
    """A destination that usually says yes in the words of this world."""
    async with destination() if world.by_http else mail_server(auth=True) as found:
        found.usual = Answer(body=world.fine.replace("URL", found.url))
        yield found
