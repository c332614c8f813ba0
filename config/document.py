"""A YAML file with the line of every key.

The words are read as YAML 1.2 has them: `no`, `on` and `NO` are words (Norway, not "false"), `12:30` is text.
Doubled keys, unknown tags and endless references are problems, not surprises.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.problems import Key, Place, Problem

MAX_BYTES = 4 * 1024 * 1024  # a configuration is text written by people; this is a wrong file
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to hold them


for _kind, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9]+[eE][-+]?[0-9]+$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(_pattern), list(_first))


class Document:
    """A parsed file: `value` is its content, `problems` what stands wrong in its form."""

    def __init__(self, name: str, rank: int, folder: Path) -> None:
        self.name, self.rank, self.folder = name, rank, folder
        self.value: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._lines: dict[Key, int] = {}

    def place(self, key: Key) -> Place | None:
        """Where `key` stands, or `None` when this file does not give it."""
        return self._at(self._lines[key]) if key in self._lines else None

    def read(self, content: bytes) -> None:
        """Parse `content`; what cannot be parsed becomes a problem."""
        try:
            text = content.decode("utf-8-sig")
            nodes = list(yaml.compose_all(text, Loader=_Loader))
            self._take(nodes)
        except UnicodeDecodeError as error:
            self._complain(content[: error.start].count(b"\n") + 1, _encoding(content))
        except yaml.MarkedYAMLError as error:
            self._complain(*_explain(error, text))
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, int(error.position)) + 1
            self._complain(line, f"the character U+{int(error.character):04X} may not stand in YAML")
        except RecursionError:
            self._complain(1, "is nested too deeply to be a configuration")

    def _take(self, nodes: Sequence[Node | None]) -> None:
        found = [node for node in nodes if node is not None]
        if len(found) > 1:
            self._complain(found[1].start_mark.line + 1, "a second document (`---`) begins here; keep one per file")
        if not found or (isinstance(found[0], ScalarNode) and found[0].tag == f"{_TAG}null"):
            self._complain(1, "the file is empty: the shipped defaults are used", warning=True)
        elif isinstance(found[0], MappingNode):
            self.value = self._mapping(found[0], (), ())
        else:
            kind = "a list" if isinstance(found[0], SequenceNode) else "a single value"
            self._complain(found[0].start_mark.line + 1, f"the file holds {kind}; it must hold settings, `key: value`")

    def _convert(self, node: Node, key: Key, above: tuple[int, ...]) -> Any:
        if id(node) in above:
            self._complain(self._lines[key], "refers to itself", key)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, key, (*above, id(node)))
        if isinstance(node, SequenceNode):
            return self._sequence(node, key, (*above, id(node)))
        return self._scalar(node, key)

    def _mapping(self, node: MappingNode, key: Key, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, ScalarNode):
                self._complain(line, "a key must be a word", key)
                continue
            path = (*key, name.value)
            if name.value in result:
                self._complain(line, f"is given twice; first in line {self._lines[path]}", path)
                continue
            self._lines[path] = line
            result[name.value] = self._convert(value, path, above)
        return result

    def _sequence(self, node: SequenceNode, key: Key, above: tuple[int, ...]) -> list[Any]:
        result = []
        for number, item in enumerate(node.value):
            self._lines[(*key, number)] = item.start_mark.line + 1
            result.append(self._convert(item, (*key, number), above))
        return result

    def _scalar(self, node: Node, key: Key) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind == "str":
            return node.value
        if kind in ("bool", "null"):
            return None if kind == "null" else node.value.lower() == "true"
        if kind == "int":
            return int(node.value, 0 if node.value[:2] in ("0o", "0x") else 10)
        if kind == "float":
            return float(node.value)
        self._complain(node.start_mark.line + 1, f"the tag {node.tag.replace(_TAG, '!!')} means nothing here", key)
        return node.value

    def _complain(self, line: int, message: str, key: Key = (), *, warning: bool = False) -> None:
        self.problems.append(Problem(self._at(line), key, message, "warning" if warning else "error"))

    def _at(self, line: int) -> Place:
        return Place(self.name, line, self.rank)


def read_document(path: Path, rank: int) -> Document:
    """The file at `path`; that it cannot be read is one of its problems."""
    document = Document(str(path), rank, path.parent)
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"has more than {MAX_BYTES // 1024 // 1024} MiB; this is no configuration"
        else:
            document.read(path.read_bytes())
            return document
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
    document.problems.append(Problem(Place(document.name, None, rank), (), message))
    return document


def parse_value(text: str) -> Any:
    """A value given outside a file, such as `8080`, `true` or `[a, b]`. Text that is no YAML is taken as it is."""
    document = Document("", 0, Path())
    document.read(b"value: " + text.encode("utf-8", "replace"))
    return text if document.problems else document.value.get("value", text)


def _encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "the file is UTF-16; save it as UTF-8"
    return "this line is not UTF-8; save the file as UTF-8"


def _explain(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """The line of a syntax error, and what is wrong there."""
    lines = text.splitlines()
    mark, opened = error.problem_mark, error.context_mark
    at = mark.line if mark else 0
    line = lines[at] if at < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return at + 1, "a tab indents this line; YAML wants spaces"
    if mark and line[mark.column : mark.column + 1] in ("@", "`", "%"):
        return at + 1, f"a value cannot begin with {line[mark.column]}; put it in quotes"
    if opened and "quoted scalar" in str(error.context):
        return opened.line + 1, "a quote opens here and is never closed"
    if opened and "flow" in str(error.context):
        return opened.line + 1, f"a bracket opens here and is not closed as it should be: {error.problem}"
    return at + 1, ": ".join(part for part in (error.context, error.problem) if part)
