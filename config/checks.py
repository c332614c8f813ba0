"""From a tree of settings to a checked `Config`: every pydantic error becomes a problem with its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.keys import is_list, is_secret, kinds_of, section_of, written
from config.layers import Layers
from config.naming import slug
from config.problems import Key, Problem, closest, did_you_mean
from config.schema import Config, Section
from config.section import NAME_FORM

T = TypeVar("T", bound=Section)
_PASSES = 4  # one per depth at which an unknown key can hide another error


class Checker:
    """Validates sections; `problems` collects what is wrong, all of it, but for keys that were `reported` already."""

    def __init__(self, layers: Layers, reported: Set[Key]) -> None:
        self._layers, self._reported = layers, reported
        self.problems: list[Problem] = []

    def section(self, schema: type[T], tree: Any, prefix: Key = ()) -> T | None:
        """`tree` as a `schema`, or `None` when it has errors.

        Unknown keys are taken out (or read as the key that was meant) and the rest is looked at again, because pydantic
        skips the rules that span several keys while one key is wrong.
        """
        seen: set[Key] = set()
        renamed: dict[Key, Key] = {}
        for _ in range(_PASSES):
            try:
                result = schema.model_validate(tree)
            except ValidationError as error:
                details = [(_located(detail, tree), detail) for detail in error.errors(include_url=False)]
                for loc, detail in details:
                    if loc not in seen and (*prefix, *loc) not in self._reported:
                        self.complain((*prefix, *_as_written(loc, renamed)), _message(schema, detail, loc, tree))
                    seen.add(loc)
                unknown = [loc for loc, detail in details if detail["type"] == "extra_forbidden"]
                if not unknown:
                    return None
                tree, renamed = _repaired(schema, tree, unknown)
            else:
                return None if seen else result
        return None

    def complain(self, key: Key, message: str, *, warning: bool = False) -> None:
        """Add a problem of `key`."""
        self.problems.append(Problem(self._layers.place(key), key, message, "warning" if warning else "error"))


def without_empty_blocks(tree: dict[str, Any]) -> dict[str, Any]:
    """`tree` without blocks of which only the name is there: `api:` with all below it commented out changes nothing."""
    blocks = [name for name, field in Config.model_fields.items() if section_of(field) and not is_list(field)]
    return {key: value for key, value in tree.items() if value is not None or key not in blocks}


def _as_written(loc: Key, renamed: Mapping[Key, Key]) -> Key:
    """The key as it stands in the file, where a misspelt one was read as the one that was meant."""
    for meant, given in renamed.items():
        if loc[: len(meant)] == meant:
            return (*given, *loc[len(meant) :])
    return loc


def _located(detail: ErrorDetails, tree: Any) -> Key:
    """The key that an error is about."""
    key = _without_tags(detail["loc"], tree)
    return (*key, "kind") if detail["type"].startswith("union_tag_") else key


def _without_tags(loc: Key, tree: Any) -> Key:
    """The key of a pydantic location, without the names of union members that pydantic puts in."""
    key: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(tree, dict) and part == tree.get("kind") and isinstance(loc[position - 1], int):
            continue  # an item of one kind of several
        if isinstance(tree, dict) and (part in tree or last):
            key.append(part)
            tree = tree.get(part)
        elif isinstance(tree, list | tuple) and isinstance(part, int) and part < len(tree):
            key.append(part)
            tree = tree[part]
        elif isinstance(tree, dict | list):
            key.append(part)
            tree = None
    return tuple(key)


def _repaired(schema: type[Section], tree: Any, unknown: list[Key]) -> tuple[Any, dict[Key, Key]]:
    """`tree` with each unknown key renamed to the one that was meant, or taken out; and what was renamed from what."""
    result = _copy(tree)
    renamed: dict[Key, Key] = {}
    for loc in unknown:
        block = result
        for part in loc[:-1]:
            block = block[part]
        value = block.pop(loc[-1], None)
        meant = closest(str(loc[-1]), _fields(schema, loc[:-1], tree))
        if meant is not None and meant not in block:
            block[meant] = value
            renamed[(*loc[:-1], meant)] = loc
    return result, renamed


def _copy(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copy(value) for key, value in tree.items()}
    return [_copy(item) for item in tree] if isinstance(tree, list) else tree


def _fields(schema: type[Section], loc: Key, tree: Any) -> list[str]:
    """The keys of the section at `loc`, where `tree` has what is written."""
    kinds: Mapping[str, type[Section]] = {}
    for part in loc:
        tree = tree[part] if isinstance(tree, Mapping) or isinstance(part, int) else None
        if isinstance(part, str) and part in schema.model_fields:  # none that holds sections has another name
            below = section_of(schema.model_fields[part])
            if below is None:
                return []
            kinds, schema = kinds_of(schema.model_fields[part]), below
        elif kinds:
            schema = kinds.get(tree.get("kind"), schema)
    secret = [f"{name}_file" for name, field in schema.model_fields.items() if is_secret(field)]
    return [*(written(name, field) for name, field in schema.model_fields.items()), *secret]


def _holds_secret(schema: type[Section], loc: Key) -> bool:
    """Whether the setting at `loc` is a secret, which no message may show."""
    for part in loc:
        field = schema.model_fields.get(str(part))
        if field is not None and is_secret(field):
            return True
        below = field and section_of(field)
        schema = below or schema
    return False


def _message(schema: type[Section], detail: ErrorDetails, loc: Key, tree: Any) -> str:
    if detail["type"] == "extra_forbidden":
        return f"unknown key{did_you_mean(str(loc[-1]), _fields(schema, loc[:-1], tree))}"
    value = detail["input"]
    if value is None and detail["type"] != "missing":
        return "is empty; write a value or take the line out"
    if _holds_secret(schema, loc) and detail["type"] not in ("missing", "value_error"):
        return "must be text; put it in quotes"  # without the value
    speak = _MESSAGES.get(detail["type"])
    return speak(value, detail.get("ctx", {})) if speak else f"{_lower(detail['msg'])}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a block of settings"
    text = "a list" if isinstance(value, list | tuple) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _lower(text: str) -> str:
    text = text.removeprefix("Input ").removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _word(value: Any, _: Mapping[str, Any]) -> str:
    if isinstance(value, list | dict | tuple):
        return f"must be text, not {_shown(value)}"
    return f'{_shown(value)} must be text here; put it in quotes: "{_shown(value)}"'


def _listed(value: Any, _: Mapping[str, Any]) -> str:
    if isinstance(value, dict):
        return "must be a list; begin each item with `- `"
    return f"must be a list; write [{value}]"


def _choice(value: Any, context: Mapping[str, Any]) -> str:
    expected = str(context.get("expected", "")).replace("'", "")
    known = expected.replace(" or ", ", ").split(", ")
    return f"{_shown(value)} is none of {', '.join(known)}{did_you_mean(str(value), known)}"


def _pattern(value: Any, context: Mapping[str, Any]) -> str:
    if context.get("pattern") != NAME_FORM:
        return f"{_shown(value)} has not the form {context.get('pattern')}"
    return f"{_shown(value)} is no short name (lower-case letters, digits, - and _); write {slug(str(value))}"


def _number(kind: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda value, _: f"{_shown(value)} is not {kind}"


def _bound(words: str, name: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda value, context: f"{_shown(value)} is out of range; it must be {words} {context[name]}"


def _tag(value: Any, context: Mapping[str, Any]) -> str:
    return _choice(value.get("kind"), {"expected": context["expected_tags"]})


_MESSAGES: dict[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "missing": lambda _, __: "is missing",
    "union_tag_not_found": lambda _, __: "is missing",
    "union_tag_invalid": _tag,
    "string_type": _word,
    "string_pattern_mismatch": _pattern,
    "tuple_type": _listed,
    "list_type": _listed,
    "model_type": lambda value, _: f"must be a block of settings (`key: value` lines), not {_shown(value)}",
    "dict_type": lambda value, _: f"must be a block of settings (`key: value` lines), not {_shown(value)}",
    "literal_error": _choice,
    "enum": _choice,
    "int_parsing": _number("a whole number"),
    "int_type": _number("a whole number"),
    "int_from_float": _number("a whole number"),
    "float_parsing": _number("a number"),
    "float_type": _number("a number"),
    "bool_parsing": lambda value, _: f"{_shown(value)} is neither true nor false",
    "bool_type": lambda value, _: f"{_shown(value)} is neither true nor false",
    "path_type": lambda value, _: f"{_shown(value)} is not a path",
    "time_delta_type": lambda value, _: f"{_shown(value)} is not a duration, such as 90s, 15m, 24h or 7d",
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "value_error": lambda _, context: str(context.get("error", "")),
}
