"""Settings from the environment: `TERTULIA_API__PORT=8080` is `api.port`. Unknown variables are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.document import parse_value
from config.keys import Setting
from config.layers import Given
from config.problems import Key, Place, Problem, did_you_mean

PREFIX = "TERTULIA_"
FILE_VARIABLE = "TERTULIA_CONFIG"
"""Names the configuration file."""
_NOT_SETTINGS = ("TERTULIA_TEST_", FILE_VARIABLE)


def from_environment(env: Mapping[str, str], known: Sequence[Setting], rank: int) -> tuple[Given, list[Problem]]:
    """The settings that `env` gives, and the variables that name none."""
    settings = {
        setting.variable: setting for setting in known if not any(isinstance(part, int) for part in setting.key)
    }
    value: dict[str, Any] = {}
    places: dict[Key, Place] = {}
    problems = []
    for name in sorted(env):
        if not name.startswith(PREFIX) or name.startswith(_NOT_SETTINGS):
            continue
        setting = settings.get(name) or _free(name, settings)
        if setting is None:
            message = f"no setting has this variable{did_you_mean(name, settings)}"
            problems.append(Problem(Place(name, None, rank), (), message))
            continue
        places[setting.key] = Place(name, None, rank)
        _put(value, setting.key, env[name] if setting.is_text else parse_value(env[name]))
    return Given(value, places), problems


def _free(name: str, settings: Mapping[str, Setting]) -> Setting | None:
    """The setting of a key in a free mapping, such as TERTULIA_KAFKA__SECURITY__SASL_MECHANISM."""
    parent, _, key = name.rpartition("__")
    found = settings.get(parent)
    if found is None or not key or "dict[str" not in str(found.annotation) or len(found.key) < 2:
        return None
    return Setting((*found.key, key.lower()), "", None, str)


def _put(value: dict[str, Any], key: Key, item: Any) -> None:
    *above, last = (str(part) for part in key)
    for part in above:
        value = value.setdefault(part, {})
        if not isinstance(value, dict):
            return  # TERTULIA_API=… beside TERTULIA_API__PORT: the first is reported as no block
    value[last] = item
