"""A brand from its name alone: what `tertulia up --brand "Fairphone"` listens for."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any


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
    """Case and accents do not matter when terms are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
