"""Writes `example.yaml`: every setting of the schemas with its meaning and default. `make example` renews it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from config.keys import Families, Setting, settings
from config.problems import Key
from config.schema import Config, Section
from config.units import format_duration

HEAD = """\
# Every setting of Tertulia. Copy what you need into your own tertulia.yaml: it overrides the shipped defaults key by
# key; only a list replaces the whole list. Check it with `tertulia check`.
#
# A comment with a space (`# Port`) explains the setting below it. A setting with `#` right before it shows its default,
# or an example where there is none: take the `#` away to change it.
#
# Any setting that is not in a list can be given by the environment as well: api.port is TERTULIA_API__PORT.
# Secrets belong there, or into files: token_file instead of token. Durations: 90s, 15m, 24h, 7d, 2w.
"""

# What stands in the example instead of a default that would explain nothing.
SAMPLES: Mapping[Key, Any] = {
    ("brands", 0, "name"): "fairphone",
    ("brands", 0, "title"): "Fairphone",
    ("brands", 0, "description"): "Dutch maker of phones that can be repaired.",
    ("brands", 0, "group"): "electronics",
    ("brands", 0, "terms"): ["Fairphone", "Fair Phone"],
    ("brands", 0, "exclude"): ["fair phone plan"],
    ("brands", 0, "hashtags"): ["fairphone", "fairphone6"],
    ("brands", 0, "handles"): ["fairphone.com", "fairphone@social.weho.st"],
    ("brands", 0, "domains"): ["fairphone.com"],
    ("brands", 0, "own"): ["fairphone.com", "fairphone@social.weho.st"],
    ("brands", 0, "hubs"): ["r/fairphone", "forum.example.org", "telegram"],
    ("brands", 0, "languages"): ["en", "es", "nl"],
    ("contact",): "listening@example.org",
    ("sources", "mastodon", "instances", 0, "url"): "https://mastodon.social",
    ("sources", "rss", "feeds"): ["https://example.org/feed.xml"],
    ("sources", "webhook", "inlets", 0, "name"): "shop",
    ("sources", "webhook", "inlets", 0, "secret_file"): "secrets/shop",
    ("sources", "webhook", "inlets", 0, "old_secret_file"): "secrets/shop-old",
    ("sources", "webhook", "inlets", 0, "mapping", "id"): "review.id",
    ("sources", "webhook", "inlets", 0, "mapping", "text"): ["review.title", "review.body"],
    ("sources", "webhook", "inlets", 0, "mapping", "author", "id"): "customer.id",
    ("sources", "webhook", "inlets", 0, "mapping", "created_at"): "review.time",
    ("outlets", "slack", "channel"): "C0123456789",
    ("outlets", "discord", "channel"): "123456789012345678",
    ("outlets", "telegram", "chat"): -1001234567890,
    ("outlets", "email", "host"): "mail.example.org",
    ("outlets", "email", "user"): "tertulia",
    ("outlets", "email", "sender"): "tertulia@example.org",
    ("outlets", "email", "recipients"): ["team@example.org"],
    ("outlets", "webhook", "url_file"): "secrets/webhook-url",
    ("outlets", "alertmanager", "url"): "http://127.0.0.1:9093",
    ("outlets", "matrix", "homeserver"): "https://matrix.example.org",
    ("outlets", "matrix", "room"): "!room:example.org",
    ("kafka", "security"): {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512"},
    ("api", "advertise"): "http://10.0.0.5:6066",
    ("api", "public_url"): "https://tertulia.example.org",
    ("routing", "routes", 0, "matchers"): ['severity="critical"'],
    ("routing", "routes", 0, "group_by"): ["brand", "alertname"],
    ("routing", "routes", 0, "group_wait"): timedelta(seconds=10),
    ("routing", "routes", 0, "group_interval"): timedelta(minutes=5),
    ("routing", "routes", 0, "repeat_interval"): timedelta(hours=1),
    ("routing", "routes", 0, "outlets"): ["matrix"],
    ("routing", "routes", 0, "mute"): ["night"],
    ("routing", "routes", 0, "lang"): "es",
    ("routing", "inhibit", 0, "source_matchers"): ['kind="crisis"'],
    ("routing", "inhibit", 0, "target_matchers"): ['kind=~"volume-spike|sentiment-turn"'],
    ("routing", "inhibit", 0, "equal"): ["brand"],
    ("routing", "times", 0, "name"): "night",
    ("routing", "times", 0, "hours"): ["22:00-07:00"],
    ("routing", "times", 0, "zone"): "Europe/Madrid",
    ("routing", "digests", 0, "name"): "morning",
    ("routing", "digests", 0, "outlets"): ["matrix"],
    ("routing", "digests", 0, "zone"): "Europe/Madrid",
    ("routing", "digests", 0, "lang"): "es",
    ("alerts", "rules", 0, "number"): "first_response.by_brand",
    ("alerts", "rules", 0, "above"): 14_400.0,
    ("alerts", "rules", 0, "below"): 10.0,
    ("alerts", "rules", 1, "number"): "peer_share",
    ("alerts", "rules", 9, "about"): ["repair", "#righttorepair"],
    ("alerts", "volume_spike", 0, "name"): "my-own-spike",
}
ACTIVE = (("brands", 0, "name"), ("brands", 0, "title"), ("brands", 0, "group"), ("brands", 0, "terms"))
WIDTH = 118


def render(families: Families) -> str:
    """The text of example.yaml."""
    found = list(settings(Config, families))
    keys = {setting.key for setting in found}
    blocks = {setting.key[:length] for setting in found for length in range(1, len(setting.key))}
    lines = [HEAD]
    for setting in found:
        if (*setting.key[:-1], f"{setting.key[-1]}_file") in keys:
            lines += _secret(setting)
        else:
            in_list = any(isinstance(part, int) for part in setting.key[-2:-1])  # and not in a block of such an item
            opens = in_list and setting.key == next(s.key for s in found if s.key[:-1] == setting.key[:-1])
            lines += _lines(setting, setting.key in blocks, opens)
    return "\n".join(lines) + "\n"


def _lines(setting: Setting, is_block: bool, opens: bool) -> Iterator[str]:
    """`opens`: it is the first of its section in a list."""
    depth = len([part for part in setting.key if isinstance(part, str)]) - 1
    in_list = any(isinstance(part, int) for part in setting.key)
    indent = "  " * (depth + in_list)
    if depth == 0:
        yield ""
    yield from _comment(setting.description, indent)
    mark = "" if (is_block and depth == 0) or setting.key in ACTIVE else "#"
    text = f"{setting.key[-1]}:" if is_block else f"{setting.key[-1]}: {spelled(_value(setting))}"
    yield f"{mark}{indent[:-2]}- {text}" if opens else f"{mark}{indent}{text}"


def _secret(setting: Setting) -> Iterator[str]:
    """A secret is explained, never shown: the file with it is the setting that follows."""
    indent = "  " * (len(setting.key) - 1)
    where = "" if any(isinstance(part, int) for part in setting.key) else f" In the environment: {setting.variable}"
    yield from _comment(f"{setting.key[-1]}: {setting.description}{where}", indent)


def _comment(text: str, indent: str) -> Iterator[str]:
    for line in wrap(text, WIDTH - len(indent)):
        yield f"{indent}# {line}"


def _value(setting: Setting) -> Any:
    if setting.key in SAMPLES:
        return SAMPLES[setting.key]
    name = str(setting.key[-1])
    if name.endswith("_file"):
        return f"secrets/{'-'.join(map(str, setting.key[:-1]))}-{name.removesuffix('_file')}"
    if setting.default is not PydanticUndefined:
        return setting.default
    choices = get_args(setting.annotation) if get_origin(setting.annotation) is Literal else ()
    return choices[0] if len(choices) == 1 else "…"  # the kind of an item is given by what it is


def spelled(value: Any) -> str:
    """A value as it is written in YAML, on one line."""
    text: str = yaml.safe_dump(_plain(value), default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, Section):
        return _plain(value.model_dump())
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path | SecretStr) else value
