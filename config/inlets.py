"""`sources.webhook.inlets`: who may send posts to `POST /ingest/{name}`, and where things stand in their JSON.

Here and not beside the source, because both the worker, which answers, and the collector need to know them.
"""

from __future__ import annotations

from collections.abc import Mapping as Given
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from config.inlet_paths import condition_of, path_of, taken_from
from config.schema import Config, Name, Section
from config.webhook_key import signing_key

SOURCE = "webhook"  # the block below `sources`
SHORTEST_SECRET = 16


def _checked(parse: Any) -> AfterValidator:
    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


Taken = Annotated[str, _checked(taken_from)]
Several = Annotated[tuple[Taken, ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)]
Where = Annotated[str, _checked(path_of)]
When = Annotated[str, _checked(condition_of)]


class AuthorMapping(Section):
    """Where the writer stands."""

    id: Taken = Field(description="Number or name that never changes; may be a constant for people without names.")
    handle: Taken | None = Field(default=None, description="Short name.")
    name: Taken | None = Field(default=None, description="Name as people read it.")
    followers: Taken | None = Field(default=None, description="How many follow.")
    bot: Taken | None = Field(default=None, description="Whether it is a program.")
    role: Taken | None = Field(default=None, description="Such as admin or staff.")


class Mapping(Section):
    """Post field: path in the sender's record (review.body), in the whole body ($.event), or words (=Web shop)."""

    id: Taken = Field(description="The record's own id; it never changes.")
    text: Several = Field(min_length=1, description="The words; of several paths each that is there.")
    author: AuthorMapping = Field(description="Who wrote it.")
    created_at: Taken = Field(description="When: ISO 8601 with a time zone, or Unix seconds or milliseconds.")
    lang: Taken | None = Field(default=None, description="Language (BCP 47).")
    url: Taken | None = Field(default=None, description="Address of the page.")
    links: Taken | None = Field(default=None, description="A list of addresses, or one.")
    hashtags: Taken | None = Field(default=None, description="A list of words, or one.")
    mentions: Taken | None = Field(default=None, description="A list of handles, or one.")
    reply_to: Taken | None = Field(default=None, description="Id of the record that it answers.")
    thread: Taken | None = Field(default=None, description="Id of the record that opened the conversation.")
    repost_of: Taken | None = Field(default=None, description="Id of the record that it repeats.")
    quote_of: Taken | None = Field(default=None, description="Id of the record that it quotes.")
    reply_to_author: Taken | None = Field(default=None, description="Id of the writer who is answered.")
    repost_of_author: Taken | None = Field(default=None, description="Id of the writer who is repeated.")
    quote_of_author: Taken | None = Field(default=None, description="Id of the writer who is quoted.")
    venue: Taken | None = Field(default=None, description="Where it was said: a product, forum or channel.")
    likes: Taken | None = Field(default=None, description="How many like it.")
    reposts: Taken | None = Field(default=None, description="How often it was repeated.")
    replies: Taken | None = Field(default=None, description="How many answers it has.")


class Inlet(Section):
    """One sender."""

    name: Name = Field(description="Name in the address /ingest/{name} and in `tertulia sources`.")
    secret: SecretStr = Field(description="What the sender signs with; at least 16 characters.")
    old_secret: SecretStr | None = Field(
        default=None, description="The secret before, which is good as well while senders change to the new one."
    )
    platform: Name | None = Field(
        default=None, description="Platform of its posts, which every id begins with; default: the name."
    )
    hub_signature: bool = Field(
        default=False,
        description="Whether X-Hub-Signature-256 is good as well; it has no time, so an old request can be repeated.",
    )
    records: Where | None = Field(
        default=None, description="Path of the record, or the list of records, in the body; default: the body itself."
    )
    mapping: Mapping | None = Field(
        default=None,
        description="Where a post's fields stand: a path in the record (review.body), in the whole body ($.event), or "
        "words (=Web shop). Without it records have the form of a post.",
    )
    only_when: When | None = Field(
        default=None, description="Take only records of which this is true, such as '$.event = created, updated'."
    )
    delete_when: When | None = Field(
        default=None, description="A record of which this is true deletes the post; needs a mapping."
    )

    @property
    def network(self) -> str:
        """The platform of its posts."""
        return self.platform or self.name

    @property
    def keys(self) -> tuple[bytes, ...]:
        """What a signature may be made with. A secret of Standard Webhooks holds the key's bytes in base64."""
        return tuple(signing_key(secret.get_secret_value()) for secret in (self.secret, self.old_secret) if secret)

    @field_validator("secret", "old_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(
                f"is too short to be a secret: at least {SHORTEST_SECRET} characters (openssl rand -hex 32)"
            )
        if secret is not None:
            signing_key(secret.get_secret_value())
        return secret

    @field_validator("delete_when")
    @classmethod
    def _with_mapping(cls, condition: str | None, info: ValidationInfo) -> str | None:
        if condition is not None and info.data.get("mapping", ...) is None:
            raise ValueError("needs a mapping; a record in the form of a post says it with `op: delete`")
        return condition


def inlets_of(config: Config) -> Given[str, Inlet]:
    """The enabled inlets, by name; none when the source is off or not configured."""
    given = config.sources.get(SOURCE)
    options = given.model_dump() if isinstance(given, Section) else given or {}
    if not options.get("enabled", True):
        return {}
    return {inlet.name: inlet for inlet in map(Inlet.model_validate, options.get("inlets", ()))}
