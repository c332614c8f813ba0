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


def settings(schema: type[Section], families: Families, prefix: Key = ()) -> Iterator[Setting]:
    """Every key of `schema` and below. Items of a list of sections have the key `list[0].name`."""
    for name, field in schema.model_fields.items():
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
        below = section_of(field)
        if below is not None:
            yield from settings(below, families, (*key, 0) if is_list(field) else key)


def is_secret(field: FieldInfo) -> bool:
    """Whether the field holds a secret, so that `<name>_file` may give it."""
    return SecretStr in _parts(field.annotation)


def section_of(field: FieldInfo) -> type[Section] | None:
    """The schema of a field that is a block, or a list of blocks."""
    for part in _parts(field.annotation):
        if isinstance(part, type) and issubclass(part, Section):
            return part
    return None


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
        return [origin, *_sections(typing.get_args(annotation))]
    return [origin or annotation]


def _sections(members: tuple[Any, ...]) -> list[Any]:
    return [part for part in members if isinstance(part, type) and issubclass(part, Section)]
