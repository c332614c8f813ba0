"""What `routing` names that is not there: outlets, times and brands; and names given twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from config.problems import Key, did_you_mean
from config.reached import unreached
from config.route_tree import tree
from config.routing import UNROUTED, Route, Routing
from config.schema import Config

Complain = Callable[..., None]


def check_routing(config: Config, outlets: Mapping[str, Any], complain: Complain, *, chosen: bool) -> None:
    """Report it. `outlets`: the options of each as they are given; `chosen`: the command line names the brands."""
    routing = config.routing
    for key, names in _telling(routing):
        _outlets(names, outlets, key, complain)
    for key, names in _timed(routing):
        _known("time", names, [times.name for times in routing.times], key, complain)
    for found in unreached(config, tree(routing, ())) if not chosen else ():
        complain(found.node.key, found.reason, warning=True)
    if not chosen:
        brands = [brand.name for brand in config.brands]
        for number, digest in enumerate(routing.digests):
            _known("brand", digest.brands, brands, ("routing", "digests", number, "brands"), complain)
    for block in ("times", "digests"):
        _twice([each.name for each in getattr(routing, block)], ("routing", block), complain)


def branches(routes: Sequence[Route], above: Key = ("routing",)) -> Iterator[tuple[Key, Route]]:
    """Every route of the tree but its root, with its key."""
    for number, route in enumerate(routes):
        key = (*above, "routes", number)
        yield key, route
        yield from branches(route.routes, key)


def _telling(routing: Routing) -> Iterator[tuple[Key, Sequence[str]]]:
    yield ("routing", "outlets"), routing.outlets or ()
    for key, route in branches(routing.routes):
        yield (*key, "outlets"), route.outlets or ()
    for number, digest in enumerate(routing.digests):
        yield ("routing", "digests", number, "outlets"), digest.outlets or ()


def _timed(routing: Routing) -> Iterator[tuple[Key, Sequence[str]]]:
    yield ("routing", "mute"), routing.mute
    yield ("routing", "active"), routing.active
    for key, route in branches(routing.routes):
        yield (*key, "mute"), route.mute
        yield (*key, "active"), route.active


def _outlets(names: Sequence[str], known: Mapping[str, Any], key: Key, complain: Complain) -> None:
    _known("outlet", names, known, key, complain)
    for position, name in enumerate(names):
        if name in names[:position]:
            complain((*key, position), f"{name} is named twice; it is told once", warning=True)
        options = known.get(name)
        given = options if isinstance(options, dict) else {}
        if given.get("kind", name) in UNROUTED:
            complain((*key, position), f"{name} gets every alert, since it has routes of its own; take it out here")
        elif given.get("enabled") is False:
            complain((*key, position), f"{name} is switched off (outlets.{name}.enabled)", warning=True)


def _known(what: str, names: Sequence[str], known: Iterable[str], key: Key, complain: Complain) -> None:
    there = list(known)
    for position, name in enumerate(names):
        if name not in there:
            hint = did_you_mean(name, there) or f"; there are: {', '.join(there) or 'none'}"
            complain((*key, position), f"there is no {what} {name!r}{hint}")


def _twice(names: Sequence[str], key: Key, complain: Complain) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            complain((*key, position, "name"), f"a second {name!r}; give it another name")
