"""What moved, said in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from streams.api.health_answers import BrandHealth, ComponentHealth, HealthSummary
from streams.api.health_words import EN, LANGUAGES, Words, moved, number, written


def summary(health: BrandHealth, lang: str) -> HealthSummary:
    """In the language asked for, or in English with a note that says so."""
    primary = lang.partition("-")[0].lower()
    words = LANGUAGES.get(primary, EN)
    note = None if primary in LANGUAGES else f"these sentences are not written in {lang!r} yet: this is English"
    return HealthSummary(words.lang, list(_sentences(health, words)), note)


def _sentences(health: BrandHealth, words: Words) -> Iterator[str]:
    if all(each.change is None for each in health.components.values()):
        yield words.nothing_before
    elif not health.moved:
        yield words.nothing_moved.format(tested=health.tested)
    else:
        yield from (_move(name, health.components[name], words) for name in health.moved)
        yield words.by_chance.format(tested=health.tested)
    yield from _unusual(health, words)
    for circle in health.circles:
        around = ", ".join(circle.words) or circle.name
        counts = (number(share.count, 0, words) for share in (circle.now, circle.before))
        yield words.circle.format(words=around, **dict(zip(("now", "before"), counts, strict=True)))
    for post in health.posts:
        people, talk = number(post.authors, 0, words), number(post.interactions, 0, words)
        yield words.post.format(link=post.url or post.id, interactions=talk, authors=people)
    if health.gaps:
        yield words.gaps


def _move(name: str, each: ComponentHealth, words: Words) -> str:
    change = each.change
    if change is None or change.difference is None or change.interval is None:
        raise ValueError(f"{name} has no move with an interval")
    up = change.difference > 0
    low, high = (moved(end, each.unit, words, points=False) for end in change.interval)
    return words.move.format(
        name=words.names[name],
        verb=words.rose if up else words.fell,
        before=written(change.before.value or 0.0, each.unit, words),
        now=written(each.now.value or 0.0, each.unit, words),
        difference=moved(change.difference, each.unit, words),
        low=low,
        high=high,
        verdict="" if each.better == "neither" else words.good if up == (each.better == "more") else words.bad,
    )


def _unusual(health: BrandHealth, words: Words) -> Iterator[str]:
    """What lies beyond all of the brand's own past."""
    past = {name: each.history for name, each in health.components.items() if not each.history.insufficient}
    highest = [name for name, place in past.items() if place.lower == place.of]
    lowest = [name for name, place in past.items() if place.lower + place.equal == 0]
    for text, names in ((words.highest, highest), (words.lowest, lowest)):
        if names:
            yield text.format(names=", ".join(f"{_inner(words.names[name])} ({past[name].of})" for name in names))


def _inner(name: str) -> str:
    """As it stands inside of a sentence."""
    return name[0].lower() + name[1:]
