"""One simulated conversation: a post, replies to it and to each other, quotes, reposts, edits and deletions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

import msgspec

from bots.sources.demo_people import Community, Person, own_account
from bots.sources.demo_plan import Moment
from bots.sources.demo_texts import say
from config.schema import Brand
from streams.records import Author, Post

SPAN_S = 90 * 60.0  # no conversation goes on for longer, its late edits and deletions included
MEAN_SIZE = 4.0  # posts of a conversation, on average; a test holds it to that
_REPLIES_S = 50 * 60.0
# How conversations open, how often, and how the answers then sound: (good, bad, neutral).
_OPENINGS: Mapping[str, tuple[float, tuple[float, float, float]]] = {
    "praise": (0.28, (0.60, 0.10, 0.30)),
    "complaint": (0.18, (0.15, 0.50, 0.35)),
    "question": (0.24, (0.40, 0.15, 0.45)),
    "intent": (0.14, (0.50, 0.15, 0.35)),
    "news": (0.16, (0.30, 0.15, 0.55)),
    "crisis": (0.0, (0.05, 0.65, 0.30)),
    "campaign": (0.0, (0.55, 0.10, 0.35)),
    "chatter": (0.0, (0.40, 0.05, 0.55)),
}
_ANSWERS = ("reply_good", "reply_bad", "reply_neutral")


class Happening(msgspec.Struct, frozen=True, order=True):
    """A post, an edit or a deletion and its time (unix ms); sorted by time, then id."""

    at: int
    id: str
    post: Post = msgspec.field(default=Post(id=""))


class Talk:
    """Writes conversations. Everything in one follows from its `rng`."""

    def __init__(self, community: Community, brands: Sequence[Brand], langs: Sequence[str]) -> None:
        self._community, self._brands, self._langs = community, brands, langs

    def conversation(
        self, rng: Random, name: str, at: float, brand: int | None, moment: Moment | None
    ) -> list[Happening]:
        """All that is ever said in the conversation called `name`, which starts at `at` (unix seconds)."""
        kind = self._kind(rng, brand, moment)
        opener = self._community.anyone(rng, at)
        words = self._words(rng, brand)
        root = self._write(name, at, opener.author, opener.lang, say(rng, opener.lang, kind, words), venue=opener.venue)
        root = self._tagged(root, words["tag"]) if brand is not None else root
        posts = [(root, opener, at)]
        for number in range(1, self._size(rng, kind) + 1):
            posts.append(self._turn(rng, f"{name}-{number}", posts, kind, brand))
        posts = [turn for turn in posts if turn[2] < at + _REPLIES_S]
        return sorted(self._with_afterthoughts(rng, posts))

    def spoken_by_brand(self, rng: Random, name: str, rule: str, at: float, brand: int) -> Happening:
        """What the brand's own account says of its own accord: a campaign's call, a statement in a crisis."""
        author, words = own_account(self._brands[brand]), self._words(rng, brand)
        lang = rng.choice(self._langs)
        venue = f"{self._brands[brand].display} forum (simulated)"
        post = self._tagged(self._write(name, at, author, lang, say(rng, lang, rule, words), venue=venue), words["tag"])
        return Happening(round(at * 1_000), post.id, post)

    def _kind(self, rng: Random, brand: int | None, moment: Moment | None) -> str:
        if brand is None:
            return "chatter"
        if moment is not None and rng.random() < (0.85 if moment.kind == "crisis" else 0.6):
            return moment.kind
        return rng.choices(list(_OPENINGS), [weight for weight, _ in _OPENINGS.values()])[0]

    def _size(self, rng: Random, kind: str) -> int:
        """Answers to come: often none, seldom many."""
        calm = 0.6 if kind == "chatter" else 1.0
        return 0 if rng.random() < 0.35 else min(40, int(calm * 3.4 * rng.paretovariate(2.2)))

    def _turn(
        self, rng: Random, name: str, posts: Sequence[tuple[Post, Person, float]], kind: str, brand: int | None
    ) -> tuple[Post, Person, float]:
        parent, whom, said = posts[max(0, len(posts) - 1 - int(rng.expovariate(0.5)))]
        at = said + 8 + rng.expovariate(1 / 240)
        person = self._answerer(rng, posts, whom, at)
        manner = rng.random()
        if manner < 0.08:
            return self._reposted(name, at, person, posts[0][0]), person, at
        if manner < 0.14:
            return self._quoted(rng, name, at, person, posts[0][0]), person, at
        if parent.repost_of is not None:
            parent = posts[0][0]  # nobody answers a repost
        author, rule = person.author, rng.choices(_ANSWERS, _OPENINGS[kind][1])[0]
        if brand is not None and manner > 0.93:
            author, rule = own_account(self._brands[brand]), "reply_own"
        lang = posts[0][1].lang  # a guest answers in the language of the house
        text = say(rng, lang, rule, self._words(rng, brand, parent))
        return self._answer(name, at, author, lang, text, parent), person, at

    def _answerer(self, rng: Random, posts: Sequence[tuple[Post, Person, float]], whom: Person, at: float) -> Person:
        """Somebody of the circle, or one who has already spoken and comes back to it."""
        if len(posts) > 2 and rng.random() < 0.3:
            back = rng.choice(posts)[1]
            if back != whom:
                return back
        return self._community.friend(rng, whom, at)

    def _answer(self, name: str, at: float, author: Author, lang: str, text: str, parent: Post) -> Post:
        post = self._write(name, at, author, lang, text, venue=parent.venue)
        assert parent.author is not None
        return msgspec.structs.replace(
            post,
            thread=parent.thread,
            reply_to=parent.id,
            reply_to_author=parent.author.id,
            mentions=(parent.author.id,) if text.startswith("@") else (),
        )

    def _reposted(self, name: str, at: float, person: Person, root: Post) -> Post:
        assert root.author is not None
        post = self._write(name, at, person.author, person.lang, "", venue=person.venue)
        return msgspec.structs.replace(
            post, lang=None, url=None, thread=root.id, repost_of=root.id, repost_of_author=root.author.id
        )

    def _quoted(self, rng: Random, name: str, at: float, person: Person, root: Post) -> Post:
        assert root.author is not None
        text = say(rng, person.lang, "quote", {})
        post = self._write(name, at, person.author, person.lang, text, venue=person.venue)
        return msgspec.structs.replace(post, quote_of=root.id, quote_of_author=root.author.id)

    def _write(self, name: str, at: float, author: Author, lang: str, text: str, venue: str | None) -> Post:
        identity = f"demo:simulated-{name}"
        return Post(
            id=identity,
            platform="demo",
            author=author,
            text=text,
            created_at=datetime.fromtimestamp(round(at * 1_000) / 1_000, UTC),
            lang=lang,
            thread=identity,
            url=f"https://demo.invalid/{name}",  # RFC 2606: a name that never resolves
            venue=venue,
        )

    def _tagged(self, post: Post, tag: str) -> Post:
        return msgspec.structs.replace(post, hashtags=(tag,)) if f"#{tag}" in post.text else post

    def _words(self, rng: Random, brand: int | None, parent: Post | None = None) -> dict[str, str]:
        words = {"name": parent.author.handle} if parent is not None and parent.author is not None else {}
        if brand is None:
            return words | {"tag": ""}
        names = names_of(self._brands[brand])
        others = [names_of(other)[0] for index, other in enumerate(self._brands) if index != brand]
        words |= {
            "brand": names[0] if rng.random() < 0.8 else rng.choice(names),
            "tag": campaign_tag(self._brands[brand]),
        }
        return words | {"other": rng.choice(others)} if others and rng.random() < 0.5 else words

    def _with_afterthoughts(self, rng: Random, posts: Sequence[tuple[Post, Person, float]]) -> Iterator[Happening]:
        for post, person, at in posts:
            yield Happening(round(at * 1_000), post.id, post)
            luck = rng.random()
            if luck < 0.01:
                gone = Post(id=post.id, op="delete", platform="demo", thread=post.thread)
                yield Happening(round((at + rng.uniform(120, 1_800)) * 1_000), post.id, gone)
            elif luck < 0.03 and post.text:
                text = f"{post.text} {say(rng, person.lang, 'edit', {})}"
                edited = msgspec.structs.replace(post, op="update", text=text)
                yield Happening(round((at + rng.uniform(30, 600)) * 1_000), post.id, edited)


def names_of(brand: Brand) -> list[str]:
    """How people name a brand, the usual way first."""
    tags = [f"#{tag.lstrip('#')}" for tag in brand.hashtags]
    handles = [f"@{handle.lstrip('@')}" for handle in brand.handles]
    return [*brand.terms, *tags, *handles, *brand.domains]


def campaign_tag(brand: Brand) -> str:
    """The hashtag of a brand's campaigns."""
    return re.sub(r"\W", "", brand.display.title()) + "Tertulia"
