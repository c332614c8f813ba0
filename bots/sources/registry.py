"""The networks that can be collected from, in the order in which people read of them.

A new network is one file beside this one, one line here, recorded payloads in its tests and a page in `docs/sources/`.
"""

from __future__ import annotations

from bots.sources.base import Source
from bots.sources.bluesky import Bluesky
from bots.sources.demo import Demo
from bots.sources.discourse import Discourse
from bots.sources.hackernews import HackerNews
from bots.sources.lemmy import Lemmy
from bots.sources.rss import Rss

SOURCES: dict[str, type[Source]] = {
    source.name: source for source in (Bluesky, HackerNews, Rss, Discourse, Lemmy, Demo)
}
