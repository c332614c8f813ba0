"""An independent reading of what a log of posts must end in: the final posts, and which of them belong to which brand.

Written from the definitions (docs/decisions/0007, 0009 and 0012), by repeated passes over everything, without the
product's state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from classifiers.base import Classifier, Request
from classifiers.language import detect
from config.schema import Brand
from streams.records import Post, event_ms
from streams.terms import Terms

_RANK = {"create": 0, "update": 1, "delete": 2}
Belonging = dict[tuple[str, str], str]
"""(brand, post id) -> why."""


def final_posts(history: Iterable[Post]) -> dict[str, Post]:
    """The posts a history leaves: a deletion beats an update beats a create; among equals the later stands; what an
    author wrote until an erasure is gone, and all of it while an objection stands."""
    events = list(history)
    final: dict[str, Post] = {}
    for event in _not_erased(events):
        known = final.get(event.id)
        if known is None or (_RANK[event.op] >= _RANK[known.op] and known.op != "delete"):
            final[event.id] = event
    return {post_id: event for post_id, event in final.items() if event.op != "delete"}


def _not_erased(events: Sequence[Post]) -> list[Post]:
    erasures: dict[str, list[Post]] = defaultdict(list)
    for event in events:
        if event.op == "delete" and event.author is not None:
            erasures[event.author.id].append(event)
    return [event for event in events if event.op == "delete" or not _is_gone(event, erasures)]


def _is_gone(post: Post, erasures: dict[str, list[Post]]) -> bool:
    of_author = erasures[post.author.id] if post.author is not None else []
    words = sorted((event_ms(each), each.again is False) for each in of_author if each.again is not None)
    if words and words[-1][1]:
        return True
    objections = [at for at, objects in words if objects]
    lifted = [at for at, objects in words if not objects and any(other <= at for other in objections)]
    until = [event_ms(each) for each in of_author if not each.again] + lifted
    return any(event_ms(post) <= at for at in until)


async def not_meant(
    posts: dict[str, Post], brands: Sequence[Brand], classifier: Classifier, least: float
) -> set[tuple[str, str]]:
    """(brand, post id) where a described brand is named by words or hashtags alone, and these mean something else."""
    terms, wordless = Terms(brands), Terms([b.model_copy(update={"terms": (), "hashtags": ()}) for b in brands])
    described = {brand.name: brand for brand in brands if brand.description}
    found: set[tuple[str, str]] = set()
    for post in posts.values():
        if post.repost_of:
            continue
        for name in (terms.named(post).keys() - wordless.named(post).keys()) & described.keys():
            (verdict,) = await classifier.classify([question(post, described[name])])
            if verdict is not None and verdict.relevance is not None and verdict.relevance < least:
                found.add((name, post.id))
    return found


def question(post: Post, brand: Brand) -> Request:
    """What a classifier is asked about a post and a brand."""
    return Request(post.text, brand.display, post.lang or detect(post.text), brand.description)


def belonging(posts: dict[str, Post], terms: Terms, not_meant: Collection[tuple[str, str]] = ()) -> Belonging:
    """The least fixpoint of the definition; `not_meant`: what does not count as naming."""
    why: Belonging = {}
    for post in posts.values():
        if not post.repost_of:
            why |= {(brand, post.id): "name" for brand in terms.named(post) if (brand, post.id) not in not_meant}
    while True:
        found = _quoting(posts, why) | _answering(posts, why)
        if found.keys() <= why.keys():
            return why
        why |= {pair: reason for pair, reason in found.items() if pair not in why}


def _quoting(posts: dict[str, Post], why: Belonging) -> Belonging:
    found: Belonging = {}
    brands: dict[str, list[str]] = defaultdict(list)
    for brand, post_id in why:
        brands[post_id].append(brand)
    for post in posts.values():
        target = posts.get(post.repost_of or post.quote_of or "")
        if target is not None and (event_ms(target), target.id) < (event_ms(post), post.id):
            reason = "repost" if post.repost_of else "quote"
            found |= {(brand, post.id): reason for brand in brands[target.id]}
    return found


def _answering(posts: dict[str, Post], why: Belonging) -> Belonging:
    since: dict[tuple[str, str], int] = {}
    for (brand, post_id), reason in why.items():
        if reason in {"name", "quote"}:
            key = (brand, posts[post_id].root)
            since[key] = min(since.get(key, 1 << 62), event_ms(posts[post_id]))
    by_thread: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (brand, thread), at in since.items():
        by_thread[thread].append((brand, at))
    return {
        (brand, post.id): "thread"
        for post in posts.values()
        if post.reply_to and not post.repost_of
        for brand, at in by_thread[post.root]
        if at <= event_ms(post)
    }
