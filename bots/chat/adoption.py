"""What was told before the configuration changed, or by an earlier version, is not told again.

Groups are named by their routes, so another tree has other groups. At a start with another tree each alert that a
destination has been told goes over to the group that it belongs to now; what a destination no longer gets is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import msgspec

from bots.chat.group_table import Group, GroupId, Told
from bots.chat.groups import Place, State
from streams.records import Alert


def adopted(
    groups: Collection[Group],
    told: Told,
    newest: Callable[[str], Alert | None],
    places: Callable[[Alert], Collection[Place]],
    now: datetime,
) -> dict[GroupId, Group]:
    """The groups under the configuration of today, each with what it has told; those that told nothing begin anew."""
    before = {group.id: group.state for group in groups}
    found: dict[GroupId, Group] = {}
    for (destination, name), fingerprints in told.items():
        for fingerprint in sorted(fingerprints):
            alert = newest(fingerprint)
            fits = [place for place in places(alert) if place.destination == destination] if alert else []
            if fits:
                place = next((place for place in fits if place.name == name), fits[0])
                origin = before.get((destination, place.name)) or before.get((destination, name))
                _take_over(found, place, origin, fingerprint, now)
    return found


def _take_over(
    found: dict[GroupId, Group], place: Place, origin: State | None, fingerprint: str, now: datetime
) -> None:
    group = found.get((place.destination, place.name))
    if group is None:
        state = origin or State(due=now, sent=now)
        group = Group(place, msgspec.structs.replace(state, sent=state.sent or now, told=frozenset()))
        found[group.id] = group
    group.state = msgspec.structs.replace(group.state, told=group.state.told | {fingerprint})
