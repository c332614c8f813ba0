"""The networks that can be collected from, in the order in which people read of them.

A new network is one file beside this one, one line here, recorded payloads in its tests and a page in `docs/sources/`.
"""

from __future__ import annotations

from typing import Final

from bots.sources.appstore import AppStore
from bots.sources.base import Source
from bots.sources.bluesky import Bluesky
from bots.sources.demo import Demo
from bots.sources.discord import Discord
from bots.sources.discourse import Discourse
from bots.sources.github import GitHub
from bots.sources.hackernews import HackerNews
from bots.sources.lemmy import Lemmy
from bots.sources.mastodon import Mastodon
from bots.sources.nostr import Nostr
from bots.sources.reddit import Reddit
from bots.sources.rss import Rss
from bots.sources.slack import Slack
from bots.sources.stackexchange import StackExchange
from bots.sources.telegram import Telegram
from bots.sources.threads import ThreadsNet
from bots.sources.webhook import Webhook
from bots.sources.wikimedia import Wikimedia
from bots.sources.x import X
from bots.sources.youtube import YouTube

_ALL: Final[tuple[type[Source], ...]] = (
    Bluesky,
    Mastodon,
    HackerNews,
    Discord,
    Slack,
    Discourse,
    Lemmy,
    Reddit,
    YouTube,
    GitHub,
    StackExchange,
    AppStore,
    Telegram,
    X,
    ThreadsNet,
    Wikimedia,
    Nostr,
    Rss,
    Webhook,
    Demo,
)
SOURCES: dict[str, type[Source]] = {source.name: source for source in _ALL}
