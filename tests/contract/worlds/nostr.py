"""A Nostr relay as the contract suite meets it: threads old and new, odd and forged events, deletions, a vanishing."""

from __future__ import annotations

import copy
from typing import ClassVar, cast

from aiohttp import web

from bots.sources.nostr import Nostr, NostrOptions
from tests.bots.sources.nostr_server import NostrServer, Signed, made, public
from tests.contract.source_worlds import Told, World

BEGIN = 1_795_430_000  # 2026-11-23, well before the suite's noon
LATER = 1_795_435_190  # what happens later is dated when it happens
TEXTS = (
    "plain",
    "Größe 日本語 🙂👩\u200d👩\u200d👧",
    'line\nbreak\ttab "quoted" back\\slash',
    "bell \x07 and / slash",
    "א\u200fב \u2028 end",
)


class QuickNostr(Nostr):
    """A suite cannot wait half a minute for a sign of life."""

    beat_s: ClassVar[float] = 0.01
    pause_s: ClassVar[float] = 0.001


class NostrWorld(World):
    """Sixty notes of five people, given out ten at a time."""

    source = QuickNostr

    def __init__(self) -> None:
        self.relay = NostrServer(cap=10)
        self._expected: dict[str, Told | None] = {}
        self.notes: list[Signed] = []
        for number in range(60):
            self._say(1 + number % 5, f"{TEXTS[number % 5]} {number}", BEGIN + number // 3)
        boss, answer = self.notes[0], self.notes[1]
        self._say(2, "direct", BEGIN + 30, ["e", boss["id"], "", "root"], parent=boss, root=boss)
        tags = (["e", answer["id"], "", "reply"], ["e", boss["id"], "", "root"])
        self._say(3, "deep", BEGIN + 31, *tags, parent=answer, root=boss)
        self._say(3, "old", BEGIN + 32, ["e", boss["id"]], ["e", answer["id"]], parent=answer, root=boss)
        self._say(4, "older", BEGIN + 33, ["e", boss["id"]], parent=boss, root=None)
        repost = made(5, "", BEGIN + 34, ["e", boss["id"]], ["p", boss["pubkey"]], kind=6)
        self._tell(repost, "", None, None)
        self._malformed()

    def _say(
        self, who: int, text: str, at: int, *tags: list[str], parent: Signed | None = None, root: Signed | None = None
    ) -> None:
        note = made(who, text, at, *tags)
        self.notes.append(note)
        self._tell(note, text, parent["id"] if parent else None, root["id"] if root else None if parent else note["id"])

    def _tell(self, event: Signed, text: str, parent: str | None, root: str | None) -> None:
        self.relay.obey(event)
        self._expected[f"nostr:{event['id']}"] = {
            "text": text,
            "reply_to": f"nostr:{parent}" if parent else None,
            "thread": f"nostr:{root}" if root else None,
            "author": f"nostr:{event['pubkey']}",
        }

    def _malformed(self) -> None:
        forged = copy.deepcopy(self.notes[5]) | {"content": "never said", "created_at": BEGIN + 5}
        foreign = made(1, "in another's name", BEGIN + 6) | {"sig": made(2, "else", BEGIN)["sig"]}
        odd = [{"id": 5, "created_at": BEGIN + 7, "kind": 1, "pubkey": public(1), "tags": [[None]]}]
        self.relay.events += [forged, foreign, *(event | {"tags": []} for event in odd)]
        self.relay.raw = [b"\xff\xfe", b"{}", b"[]", b'["EVENT"]', b'["EVENT", "live0", 7]', b"[" * 5_000]

    def options(self) -> NostrOptions:
        url = self.url.replace("http", "ws")
        return NostrOptions.model_validate({"relays": [url], "lookback": "2d", "furthest": "7d", "silence": "1s"})

    async def serve(self, request: web.Request) -> web.Response:
        return cast(web.Response, await self.relay.serve(request))

    def change(self) -> bool:
        self._say(5, "news", LATER + 0)
        first, other = self.notes[1], self.notes[2]
        # The second author takes the first note back, and tries to take back one of somebody else.
        self._take(made(2, "", LATER + 1, ["e", first["id"]], ["e", other["id"]], kind=5), [first])
        late = [note for note in self.notes if note["pubkey"] == public(4)]
        self._take(made(4, "bye", LATER + 2, ["relay", "ALL_RELAYS"], kind=62), late)
        self._expected[f"nostr:{public(4)}"] = None  # and whatever else there may be of them
        return True

    def _take(self, request: Signed, gone: list[Signed]) -> None:
        self.relay.obey(request)
        self._expected |= {f"nostr:{note['id']}": None for note in gone}

    def expected(self) -> dict[str, Told | None]:
        return self._expected

    def bad(self) -> int:
        return 8
