"""Kinds of options that several outlets share."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bots.chat.base import OutletOptions
from bots.sources.markup import web_address


def _text(given: Any) -> Any:
    """YAML reads an id without quotes as a number."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _secret_address(value: SecretStr) -> SecretStr:
    if web_address(value.get_secret_value()) is None:
        raise ValueError("must be a web address: http://… or https://…")
    return value


def _base(url: str) -> str:
    if web_address(url) is None:
        raise ValueError(f"{url!r} is not a web address (https://…)")
    return url.rstrip("/")


def _drawable(wanted: bool) -> bool:
    if wanted and find_spec("matplotlib") is None:
        raise ValueError("charts need matplotlib: pip install 'tertulia[charts]'")
    return wanted


Id = Annotated[str, BeforeValidator(_text)]
"""A number that names something."""
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_address)]
"""An address that is a secret, for it holds a token."""
BaseUrl = Annotated[str, AfterValidator(_base)]
"""Where an API begins, without a slash at its end."""


class PictureOptions(OutletOptions):
    """Options of the outlets that can show a chart."""

    pictures: Annotated[bool, AfterValidator(_drawable)] = Field(
        default=False, description="Whether an alert comes with a chart; needs `pip install 'tertulia[charts]'`."
    )
