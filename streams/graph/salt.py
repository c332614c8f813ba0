"""The secret under which exports get their pseudonyms: a file in the data folder, made when it is first needed.

Delete the file, and the next export has new pseudonyms that nobody can join with the old ones.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

NAME: Final = "graph-salt"
_BYTES: Final = 32


def salt_in(data_dir: Path) -> bytes:
    """The secret of this data folder. Raises `OSError`; `ValueError` for a file that is none of ours."""
    path = data_dir / NAME
    if not path.exists():
        _make(path)
    salt = bytes.fromhex(path.read_text("ascii").strip())
    if len(salt) != _BYTES:
        raise ValueError(f"{path} does not hold {_BYTES} bytes in hex; delete it, and a new one is made")
    return salt


def _make(path: Path) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - with a mode
        file.write(secrets.token_hex(_BYTES))
    draft.replace(path)
