"""The tree of routes with everything inherited, and the way of an alert's labels down it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from config.language import Lang
from config.matchers import Matcher, all_match, parse
from config.problems import Key
from config.routing import Route, Routing


@dataclass(frozen=True, slots=True)
class Node:
    """A route. `path` names it for people, `key` in the configuration: `("routing", "routes", 0)`."""

    key: Key
    path: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    outlets: tuple[str, ...]
    group_by: tuple[str, ...]
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    mute: tuple[str, ...]
    active: tuple[str, ...]
    lang: Lang
    below: tuple[Node, ...] = ()

    def taking(self, found: Mapping[str, str]) -> Iterator[Node]:
        """The routes that take an alert with these labels, which this one matches: depth first, left to right."""
        taken = False
        for node in self.below:
            if all_match(node.matchers, found):
                taken = True
                yield from node.taking(found)
                if not node.goes_on:
                    return
        if not taken:
            yield self

    def walk(self) -> Iterator[Node]:
        """This route and all below, in the order of the file."""
        yield self
        for node in self.below:
            yield from node.walk()


def tree(config: Routing, outlets: Sequence[str]) -> Node:
    """The root. `outlets`: all that are told by routes, which the root tells if it names none."""
    root = Node(
        key=("routing",),
        path="routing",
        matchers=(),
        goes_on=False,
        outlets=tuple(outlets) if config.outlets is None else config.outlets,
        group_by=config.group_by,
        group_wait=config.group_wait,
        group_interval=config.group_interval,
        repeat_interval=config.repeat_interval,
        mute=config.mute,
        active=config.active,
        lang=config.lang,
    )
    return replace(root, below=_below(config.routes, root))


def _below(routes: Sequence[Route], above: Node) -> tuple[Node, ...]:
    found: list[Node] = []
    names: list[str] = []
    for number, route in enumerate(routes):
        matchers = tuple(parse(text) for text in route.matchers)
        name = ", ".join(map(str, matchers)) or "all"
        # Routes with the same matchers are told apart by a number; the others keep their name wherever they stand.
        path = f"{above.path} > {name}" + (f" #{names.count(name) + 1}" if name in names else "")
        names.append(name)
        found.append(_branch(route, above, (*above.key, "routes", number), path, matchers))
    return tuple(found)


def _branch(route: Route, above: Node, key: Key, path: str, matchers: tuple[Matcher, ...]) -> Node:
    node = replace(
        above,
        key=key,
        path=path,
        matchers=matchers,
        goes_on=route.continue_,
        outlets=above.outlets if route.outlets is None else route.outlets,
        group_by=above.group_by if route.group_by is None else route.group_by,
        group_wait=above.group_wait if route.group_wait is None else route.group_wait,
        group_interval=above.group_interval if route.group_interval is None else route.group_interval,
        repeat_interval=above.repeat_interval if route.repeat_interval is None else route.repeat_interval,
        mute=route.mute,
        active=route.active,
        lang=route.lang or above.lang,
        below=(),
    )
    return replace(node, below=_below(route.routes, node))
