"""JSON from outside that spells half a character."""

from __future__ import annotations

import json


def mended(line: bytes) -> bytes:
    """The line with lone surrogates (which JSON can spell, and Unicode text cannot hold) as replacement characters."""
    if b"\\ud" not in line.lower():
        return line
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return line  # whatever else is wrong with it, the one gate says it better
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
