"""Names: how they are compared, and a brand from its name alone (`tertulia up --brand "Fairphone"`)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

# The combining marks that decomposition splits from Latin, Greek, Cyrillic and Vietnamese letters, and enclosing ones.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "‐": "-", "‑": "-", "–": "-"})


def slug(name: str) -> str:
    """The short name of a brand: `"Café Olé"` -> `cafe-ole`. Names in other scripts get a stable hash."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")
    return found or "brand-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]


def brand_from_name(name: str) -> dict[str, Any]:
    """The settings of a brand known by nothing but its name: the name as a term and, run together, as a hashtag."""
    hashtag = "".join(character for character in name if character.isalnum() or character == "_")
    title = " ".join(name.split())
    short = slug(title)
    return {
        "name": short,
        "title": title,
        "terms": [title],
        "hashtags": [hashtag] if hashtag else [],
        "own": [f"demo:simulated-own-{short}"],  # who plays the brand in the simulated community, if that is on
    }


def fold(text: str) -> str:
    """As terms are compared: lower case, no accents, straight quotes, single spaces and none at the ends."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold().translate(_QUOTES)))
    return _SPACES.sub(" ", text.lower()).strip()
