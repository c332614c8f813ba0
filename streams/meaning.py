"""What a post means: whether a brand that it names is really meant, and what it says of the brands it belongs to.

A word may mean something else: *apple* the fruit, *orange* the colour. So where a post names a described brand by
words or hashtags alone, the classifier is asked before the post enters the membership. With less than `match.relevance`
the post does not name the brand. It may still belong to it, as an answer in a thread about it.

The answer depends on the post, the configuration and the model, never on what came before: so a replay or a rebuild
comes to the same. It holds the sentiment as well, and is kept: no post is read twice toward one brand.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import msgspec

from classifiers.base import Classifier, Request, Verdict
from classifiers.language import detect
from classifiers.null import NullClassifier
from config.schema import Config
from streams import metrics
from streams.post_state import DELETE, RANK, Reading, State
from streams.records import Entry, Post, to_ms
from streams.terms import Naming, Terms


class Arrival(msgspec.Struct):
    """A post on its way into the membership; `doubts`: of the brands named, those to ask the classifier about."""

    post: Post
    seen_ms: int
    named: dict[str, tuple[str, ...]] = {}
    readings: dict[str, Reading] = {}
    doubts: list[str] = []


class Meaning:
    """The classifier, as the match stage asks it."""

    def __init__(self, config: Config, terms: Terms, classifier: Classifier) -> None:
        self._brands = {brand.name: brand for brand in config.brands}
        self._terms, self._classifier = terms, classifier
        self._silent = isinstance(classifier, NullClassifier)
        self._least = 0.0 if self._silent else config.match.relevance

    def arrival(
        self, post: Post, seen_ms: int, known: State | None, told: Mapping[str, Reading] | None = None
    ) -> Arrival:
        """A post that came, beside what is known of it and `told` of its brands. What was read is not asked again."""
        readings = _still_true(known, post) | dict(told or {})
        if known is not None and known.post == post:
            return Arrival(post, seen_ms, dict(known.named), readings)
        if known is not None and (known.rank == DELETE or RANK[post.op] < known.rank):
            return Arrival(post, seen_ms)  # too late: the membership will not take it
        if post.op == "delete" or post.repost_of:
            return Arrival(post, seen_ms)
        return self._judged(Arrival(post, seen_ms, {}, readings), self._terms.find(post))

    def restored(self, entry: Entry, known: State | None) -> Arrival:
        """A post as an entry of the ledger tells it: its own brand needs no question, others that it names may."""
        reading = reading_of(entry)
        told = {} if reading is None else {entry.brand: reading}
        arrival = self.arrival(entry.post, to_ms(entry.seen_at), known, told)
        if entry.via == "name":  # so it was meant, whatever another model or setting would say today
            naming = self._terms.find(entry.post).get(entry.brand)
            if naming is not None:  # else its term is no longer in the configuration
                arrival.named[entry.brand] = naming.terms
            arrival.doubts = [brand for brand in arrival.doubts if brand != entry.brand]
        return arrival

    async def decide(self, arrivals: Sequence[Arrival]) -> None:
        """Ask about all doubts at once: what is not meant is no longer named, what was read is kept."""
        asked = [(arrival, brand) for arrival in arrivals for brand in arrival.doubts]
        readings = await self.read([(arrival.post, brand) for arrival, brand in asked])
        for (arrival, brand), reading in zip(asked, readings, strict=True):
            if reading is None:
                continue
            arrival.readings[brand] = reading
            if not self._is_meant(reading):
                del arrival.named[brand]
                metrics.NOT_MEANT.labels(brand).inc()
        for arrival in arrivals:
            arrival.doubts = []

    async def read(self, asked: Sequence[tuple[Post, str]]) -> list[Reading | None]:
        """What the classifier says of posts, each toward a brand; the same question is asked once."""
        if self._silent:
            return [None] * len(asked)
        requests = [self._request(post, brand) for post, brand in asked]
        different = list(dict.fromkeys(requests))
        if not different:
            return []
        started = time.monotonic()
        verdicts = dict(zip(different, await self._classifier.classify(different), strict=True))
        metrics.CLASSIFIED.inc(len(different))
        metrics.CLASSIFY_SECONDS.observe(time.monotonic() - started)
        return [self._reading(verdicts[request]) for request in requests]

    def _judged(self, arrival: Arrival, found: Mapping[str, Naming]) -> Arrival:
        for brand, naming in found.items():
            reading = arrival.readings.get(brand)
            doubtful = self._is_doubtful(brand, naming)
            if not doubtful or reading is None or self._is_meant(reading):
                arrival.named[brand] = naming.terms
            if doubtful and reading is None:
                arrival.doubts.append(brand)
        return arrival

    def _is_doubtful(self, brand: str, naming: Naming) -> bool:
        """Without a description there is nothing to tell the brand by, and an account or a link needs no telling."""
        return self._least > 0 and not naming.sure and bool(self._brands[brand].description)

    def _is_meant(self, reading: Reading) -> bool:
        return reading.relevance is None or reading.relevance >= self._least

    def _request(self, post: Post, brand: str) -> Request:
        settings = self._brands.get(brand)
        display, about = (brand, "") if settings is None else (settings.display, settings.description)
        return Request(post.text, display, with_language(post).lang, about)

    def _reading(self, verdict: Verdict | None) -> Reading | None:
        if verdict is None:
            return None
        return Reading(verdict.sentiment, verdict.p, verdict.relevance, verdict.stages, self._classifier.name)


def with_language(post: Post) -> Post:
    """Posts whose network declares no language get the one that is heard, where it is clear."""
    if post.lang is not None or not post.text:
        return post
    return msgspec.structs.replace(post, lang=detect(post.text))


def _still_true(known: State | None, post: Post) -> dict[str, Reading]:
    """What was read of a post holds for its next form as long as that says the same."""
    if known is None or known.post is None or known.post.text != post.text:
        return {}
    same = known.post.lang == post.lang or with_language(known.post).lang == with_language(post).lang
    return dict(known.readings) if same else {}


def reading_of(entry: Entry) -> Reading | None:
    """What the classifier said of an entry; None where it said nothing."""
    if entry.sentiment is None or entry.p is None:
        return None
    return Reading(entry.sentiment, entry.p, entry.relevance, entry.stages, entry.model)
