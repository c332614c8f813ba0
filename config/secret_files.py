"""Secrets from files: `token_file: /run/secrets/token` gives `token`, for every setting that is a secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.keys import is_list, is_secret, section_of
from config.layers import Layers
from config.problems import Key, Problem
from config.schema import Section

MAX_SECRET = 64 * 1024


class SecretFiles:
    """Replaces every `<secret>_file` of a tree by the secret; `problems` collects what cannot be read."""

    def __init__(self, layers: Layers, folder: Callable[[Key], Path]) -> None:
        self._layers, self._folder = layers, folder
        self.problems: list[Problem] = []
        self.unread: set[Key] = set()
        """Secrets that were asked for and are not there: that has been said, and need not be said twice."""

    def resolve(self, schema: type[Section], tree: Any, prefix: Key) -> Any:
        """`tree` with secrets in the place of their files."""
        if not isinstance(tree, dict):
            return tree
        result = dict(tree)
        for name, field in schema.model_fields.items():
            if is_secret(field):
                self._replace(result, name, prefix)
            below = section_of(field)
            if below is not None and name in result:
                result[name] = self._below(below, result[name], (*prefix, name), is_list(field))
        return result

    def _below(self, schema: type[Section], value: Any, key: Key, many: bool) -> Any:
        if many and isinstance(value, list):
            return [self.resolve(schema, item, (*key, number)) for number, item in enumerate(value)]
        return self.resolve(schema, value, key)

    def _replace(self, block: dict[str, Any], name: str, prefix: Key) -> None:
        key = (*prefix, f"{name}_file")
        if block.get(name) is not None and not self._layers.place((*prefix, name)).from_environment:
            message = f"a secret in a file that gets copied around; better {name}_file, or the environment"
            self._complain((*prefix, name), message, warning=True)
        path = block.pop(f"{name}_file", None)
        if path is None:
            return
        if block.get(name) is not None:
            self._complain(key, f"{name} is given as well; keep one of the two")
        elif not isinstance(path, str):
            self._complain(key, "must be the path of a file")
        else:
            self._put(block, (*prefix, name), self._read(self._folder(key) / Path(path).expanduser(), key))

    def _put(self, block: dict[str, Any], key: Key, secret: str | None) -> None:
        if secret is None:
            self.unread.add(key)
        else:
            block[str(key[-1])] = secret

    def _read(self, path: Path, key: Key) -> str | None:
        try:
            with path.open("rb") as file:
                content = file.read(MAX_SECRET + 1)
            secret = content.decode("utf-8").strip()
        except OSError as error:
            self._complain(key, f"{path} cannot be read: {error.strerror or error}")
            return None
        except UnicodeDecodeError:
            self._complain(key, f"{path} is not UTF-8 text")
            return None
        if not secret or len(content) > MAX_SECRET:
            self._complain(key, f"{path} is empty" if not secret else f"{path} is too long for a secret")
            return None
        return secret

    def _complain(self, key: Key, message: str, *, warning: bool = False) -> None:
        self.problems.append(Problem(self._layers.place(key), key, message, "warning" if warning else "error"))
