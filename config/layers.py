"""The layers of a configuration: each overrides the ones before it, and remembers where it said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.problems import Key, Place


class Layer(Protocol):
    """Settings from one place."""

    @property
    def value(self) -> dict[str, Any]:
        """What this layer says."""

    def place(self, key: Key) -> Place | None:
        """Where `key` is given here, if it is."""


@dataclass(frozen=True, slots=True)
class Given:
    """Settings that stand in no file: from the environment or the command line."""

    value: dict[str, Any]
    places: dict[Key, Place]

    def place(self, key: Key) -> Place | None:
        """The variable or option that gave `key` or what holds it."""
        return next((self.places[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.places), None)


class Layers:
    """All layers, first the weakest."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def merged(self) -> dict[str, Any]:
        """The settings that hold: blocks are merged key by key, anything else is replaced."""
        result: dict[str, Any] = {}
        for layer in self._layers:
            result = _merge(result, layer.value)
        return result

    def place(self, key: Key) -> Place:
        """Where the value of `key` comes from; for one that nobody gave, where the block stands that lacks it."""
        layers = self._holders(key)
        for length in range(len(key), 0, -1):
            found = next(filter(None, (layer.place(key[:length]) for layer in layers)), None)
            if found is not None:
                return found
        return Place("configuration")

    def _holders(self, key: Key) -> list[Layer]:
        """Where `key` may come from, first the strongest. A list comes whole from the strongest layer that has it."""
        layers = list(reversed(self._layers))
        position = next((index for index, part in enumerate(key) if isinstance(part, int)), None)
        if position is None:
            return layers
        return [layer for layer in layers if layer.place(key[:position]) is not None][:1] or layers


def _merge(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _merge(below.get(key), value) for key, value in above.items()}
    if isinstance(below, dict) and above is None:  # `sources:` with nothing under it changes nothing
        return below
    return above
