"""Which brands a post names, and whether it can mean anything else by it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.naming import fold
from config.schema import Brand
from streams.records import Author
from streams.terms import OWN, Naming, Terms
from tests.streams.histories import post

OLE = Brand(
    name="ole",
    terms=("Café Olé",),
    hashtags=("#ole",),
    handles=("@ole.example",),
    domains=("ole.example",),
    own=("t:ole",),
    exclude=("au lait",),
)
TERMS = Terms([OLE])


@pytest.mark.parametrize(
    ("text", "fields", "naming"),
    [
        ("CAFE  OLE!", {}, Naming(("Café Olé",), sure=False)),
        ("so #OLÉ", {}, Naming(("#ole",), sure=False)),
        ("x", {"hashtags": ("CafeOle",)}, Naming(("#CafeOle",), sure=False)),
        ("ask @ole.example", {}, Naming(("@ole.example",), sure=True)),
        ("x", {"mentions": ("OLE.example",)}, Naming(("@OLE.example",), sure=True)),
        ("x", {"links": ("https://shop.ole.example/",)}, Naming(("https://shop.ole.example/",), sure=True)),
        ("x", {"author": Author("t:ole", "ole")}, Naming((OWN,), sure=True)),
        ("cafe olé", {"author": Author("t:ole")}, Naming(("Café Olé", OWN), sure=True)),
        ("cafe oles", {}, None),
        ("cafe ole au lait, @ole.example", {}, None),
    ],
)
def test_how_a_brand_is_named(text: str, fields: dict[str, Any], naming: Naming | None) -> None:
    found = TERMS.find(msgspec.structs.replace(post(1, text), **fields))
    assert found == ({} if naming is None else {"ole": naming})


def test_names_are_compared_as_texts_are_searched() -> None:
    assert fold("  L’Été –\n 24 ") == "l'ete - 24"
    assert fold("が") != fold("か")  # the marks of other scripts are no accents
