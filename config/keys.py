"""The settings that the schemas know: for the checks of keys and variables, and for the documentation's own test."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.problems import Key
from config.schema import Section

Families = Mapping[str, Mapping[str, type[Section]]]
"""The open blocks and the schemas of their members: `{"sources": {"rss": RssOptions}, "outlets": {…}}`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that may be given."""

    key: Key
    description: str
    default: Any
    annotation: Any
    required: bool = False

    @property
    def variable(self) -> str:
        """The name of the variable that gives it in the environment."""
        return "TERTULIA_" + "__".join(str(part) for part in self.key).upper()

    @property
    def is_text(self) -> bool:
        """Whether its value is text, to be taken as it stands."""
        return bool({str, SecretStr, Path} & set(_parts(self.annotation)))


def settings(
    schema: type[Section], families: Families, prefix: Key = (), above: tuple[type[Section], ...] = ()
) -> Iterator[Setting]:
    """Every key of `schema` and below. Items of a list of sections have the key `list[0].name`; a section that holds
    its own kind, as a route does routes, is gone into once: `above` are those we came through."""
    for attribute, field in schema.model_fields.items():
        name = written(attribute, field)
        key = (*prefix, name)
        yield Setting(
            key,
            field.description or "",
            field.get_default(call_default_factory=True),
            field.annotation,
            field.is_required(),
        )
        if is_secret(field):
            text = f"File that holds {name}; relative to this file."
            yield Setting((*prefix, f"{name}_file"), text, None, str)
        if not prefix and name in families:
            for member, options in families[name].items():
                yield Setting((*key, member), (options.__doc__ or "").strip().split("\n")[0], {}, options)
                yield from settings(options, families, (*key, member))
        for number, below in enumerate(sections_of(field)):  # of a list whose items are of several kinds, one of each
            if below not in (*above, schema):
                yield from settings(below, families, (*key, number) if is_list(field) else key, (*above, schema))


def written(attribute: str, field: FieldInfo) -> str:
    """The key as users write it: some are words that Python keeps for itself, such as `for`."""
    alias = field.alias or field.validation_alias
    return alias if isinstance(alias, str) else attribute


def is_secret(field: FieldInfo) -> bool:
    """Whether the field holds a secret, so that `<name>_file` may give it."""
    return SecretStr in _parts(field.annotation)


def section_of(field: FieldInfo) -> type[Section] | None:
    """The schema of a field that is a block, or a list of blocks."""
    return next(iter(sections_of(field)), None)


def sections_of(field: FieldInfo) -> list[type[Section]]:
    """Of a field that is a block or a list of blocks: its schema, or those of the kinds that it may be of."""
    return _sections(tuple(_parts(field.annotation)))


def kinds_of(field: FieldInfo) -> dict[str, type[Section]]:
    """By what their `kind` says, the sections that may stand in a field; empty where there is one only."""
    found = sections_of(field)
    return {typing.get_args(each.model_fields["kind"].annotation)[0]: each for each in found} if found[1:] else {}


def is_list(field: FieldInfo) -> bool:
    """Whether the field is a list."""
    return any(part in (tuple, list) for part in _parts(field.annotation))


def _parts(annotation: Any) -> list[Any]:
    """The types an annotation is made of: `SecretStr | None` -> [SecretStr, NoneType]."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _parts(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [part for member in typing.get_args(annotation) for part in _parts(member)]
    if origin in (tuple, list):
        return [origin, *_sections(tuple(part for each in typing.get_args(annotation) for part in _parts(each)))]
    return [origin or annotation]


def _sections(members: tuple[Any, ...]) -> list[Any]:
    return [part for part in members if isinstance(part, type) and issubclass(part, Section)]
