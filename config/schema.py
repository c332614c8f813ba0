"""Every setting of `tertulia.yaml`, with its meaning and default.

Unknown keys are refused. The options of a source or a chat outlet live beside its code (`bots/sources/`, `bots/chat/`);
here they are plain mappings that the loader checks against the schemas it is handed.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.alerts import Alerts as Alerts  # noqa: PLC0414 - others have it from here
from config.alerts import SourceTrouble as SourceTrouble  # noqa: PLC0414 - the same
from config.alerts import VolumeSpike as VolumeSpike  # noqa: PLC0414 - the same
from config.routing import Routing
from config.section import Name as Name  # noqa: PLC0414 - others have it from here
from config.section import Section as Section  # noqa: PLC0414 - the same
from config.units import Duration

Port = Annotated[int, Field(ge=1, le=65_535)]


class Brand(Section):
    """One brand, product, person or cause to listen around."""

    name: Name = Field(description="Short name for commands, URLs and topics: lower-case letters, digits, - and _.")
    title: str = Field(default="", description="Name as people read it; default: the first term.")
    description: str = Field(default="", description="One line on what it is, to tell the fruit from Apple.")
    group: Name = Field(default="all", description="Brands of one group share a share of voice.")
    terms: tuple[str, ...] = Field(default=(), description="Words or phrases; case and accents do not matter.")
    exclude: tuple[str, ...] = Field(default=(), description="A post with one of these words does not name the brand.")
    hashtags: tuple[str, ...] = Field(default=(), description="Hashtags, with or without #.")
    handles: tuple[str, ...] = Field(
        default=(), description="Accounts that name the brand when mentioned, with or without @."
    )
    domains: tuple[str, ...] = Field(
        default=(), description="A link to one of these domains, or below, names the brand."
    )
    own: tuple[str, ...] = Field(
        default=(),
        description="The brand's own accounts: handles (with or without @), or author ids (`platform:native id`).",
    )
    hubs: tuple[str, ...] = Field(
        default=(),
        description="Where people gather without the brand: networks, venues, domains, or accounts that begin threads.",
    )
    languages: tuple[str, ...] = Field(default=(), description="Only these languages (BCP 47); empty: all.")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not any(item.strip() for item in (*self.terms, *self.hashtags, *self.handles, *self.domains)):
            raise ValueError("the brand needs at least one of: terms, hashtags, handles, domains")
        return self

    @property
    def display(self) -> str:
        """The name as people read it."""
        return self.title or (self.terms[0] if self.terms else self.name)


class Kafka(Section):
    """Which Kafka to use. Without `bootstrap` an embedded Apache Kafka runs beside the worker, on loopback."""

    bootstrap: str = Field(default="", description="host:port[,host:port…] of a cluster; empty: the embedded broker.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=0, description="Port of the embedded broker; 0: a free one, then kept."
    )
    replication: Annotated[int, Field(ge=1, le=9)] = Field(
        default=1, description="Copies of each partition on a cluster."
    )
    posts_partitions: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=4, description="Partitions of `posts`: the most workers that share the matching. Fixed once created."
    )
    brand_partitions: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=4, description="Partitions of `mentions`: the most workers that share the brands. Fixed once created."
    )
    security: dict[str, Any] = Field(
        default_factory=dict,
        description="For a cluster: security_protocol, sasl_mechanism, sasl_plain_username, ssl_cafile, …",
    )
    password: SecretStr | None = Field(default=None, description="SASL password for a cluster.")
    posts_retention: Duration = Field(
        default=timedelta(days=7), description="How long the log keeps `posts` and `mentions`."
    )
    dead_letters_retention: Duration = Field(
        default=timedelta(days=30), description="How long the log keeps `dead-letters`."
    )


class Match(Section):
    """How posts find their brands."""

    wait: Duration = Field(
        default=timedelta(hours=6), description="How long a reply or quote waits for the post that makes it belong."
    )
    waiting: Annotated[int, Field(ge=1)] = Field(
        default=200_000, description="The most posts that wait, per partition."
    )
    relevance: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="Where words alone name a brand with a `description`: how likely it must be meant; 0: do not ask.",
    )


class Ledger(Section):
    """The stored truth: one entry per brand and post."""

    retention: Duration = Field(
        default=timedelta(days=90), description="Entries are forgotten this long after they were seen."
    )
    text_retention: Duration = Field(
        default=timedelta(days=30), description="Raw text is dropped this long after it was seen."
    )


class Views(Section):
    """Floors and sizes of the numbers."""

    min_posts: Annotated[int, Field(ge=1)] = Field(
        default=10, description="With fewer posts a number says `insufficient`."
    )
    min_authors: Annotated[int, Field(ge=1)] = Field(
        default=5, description="With fewer authors a number says `insufficient`."
    )
    bootstrap: Annotated[int, Field(ge=50, le=2_000)] = Field(
        default=200, description="Replicates of the bootstrap over authors, for intervals."
    )
    min_threads: Annotated[int, Field(ge=1)] = Field(
        default=5, description="With fewer threads there is no median or mean over threads."
    )
    min_thread_posts: Annotated[int, Field(ge=2)] = Field(
        default=4, description="Threads with fewer posts have no shape worth measuring."
    )
    regular_threads: Annotated[int, Field(ge=2)] = Field(
        default=3, description="Who speaks in so many threads of a window is a regular."
    )
    advocate_people: Annotated[int, Field(ge=1)] = Field(
        default=5, description="A regular who answers so many different people, and is not negative, is an advocate."
    )


class Graph(Section):
    """The interaction graph: who talks with whom, and the circles in it."""

    half_life: Duration = Field(
        default=timedelta(days=14), description="An interaction counts half as much after this long."
    )
    authors: Annotated[int, Field(ge=100, le=1_000_000)] = Field(
        default=100_000, description="The most authors of the graph; of more the strongest, and the answer says so."
    )
    edges: Annotated[int, Field(ge=100, le=5_000_000)] = Field(
        default=1_000_000, description="The most ties of the graph; of more the heaviest, and the answer says so."
    )
    voices: Annotated[int, Field(ge=0, le=20)] = Field(
        default=3, description="How many people are named in each circle; 0: none."
    )
    brokers: Annotated[int, Field(ge=0, le=50)] = Field(
        default=10, description="How many people between circles are named; 0: none."
    )

    @field_validator("half_life")
    @classmethod
    def _is_long(cls, value: timedelta) -> timedelta:
        if not timedelta(hours=1) <= value <= timedelta(days=365):
            raise ValueError("the half-life must lie between 1h and 365d")
        return value


class Model(Section):
    """One classifier."""

    model: str = Field(
        default="default",
        description="`default` (shipped), `none` (do not classify), or a model of your own: the path of its folder, or "
        "owner/name of the Hugging Face hub (docs/models.md).",
    )
    labels: dict[str, Literal["negative", "neutral", "positive"]] = Field(
        default_factory=dict,
        description="What the labels of your own model mean, such as {LABEL_0: negative}; names that say it need none.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="Where your own model runs; auto: on a GPU if there is one that it can use."
    )
    pair: bool = Field(
        default=False, description="Whether your own model was trained on (brand, text); else it sees the text alone."
    )
    threads: Annotated[int, Field(ge=0)] = Field(default=0, description="CPU threads; 0: one per core.")
    cache: Annotated[int, Field(ge=0)] = Field(default=50_000, description="Identical texts remembered.")


class Classifiers(Section):
    """Which models read the posts."""

    sentiment: Model = Field(default=Model(), description="Sentiment toward the brand.")


class Api(Section):
    """The HTTP API and dashboard."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; beyond loopback a token is needed.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(default=6066, description="Port to listen on; 0: a free one.")
    token: SecretStr | None = Field(default=None, description="Bearer token that the API asks for.")
    advertise: str = Field(
        default="", description="URL under which other workers reach this one; default: http://host:port."
    )
    public_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = Field(
        default="", description="Address of the dashboard as people reach it; messages in chats link to it."
    )


class Config(Section):
    """The whole of `tertulia.yaml`."""

    namespace: Name = Field(default="tertulia", description="Prefix of every topic and consumer group.")
    data_dir: Path = Field(
        default=Path("~/.local/share/tertulia"), validate_default=True, description="Where state lives on this machine."
    )
    contact: str = Field(default="", description="Mail address or URL told to the networks in the User-Agent.")
    brands: tuple[Brand, ...] = Field(default=(), description="Whom to listen around.")
    sources: dict[str, Any] = Field(default_factory=dict, description="Networks to collect from, by name.")
    outlets: dict[str, Any] = Field(default_factory=dict, description="Where alerts are told, by name.")
    kafka: Kafka = Field(default=Kafka(), description="The log.")
    match: Match = Field(default=Match(), description="How posts find their brands.")
    classifiers: Classifiers = Field(default=Classifiers(), description="Which models read the posts.")
    ledger: Ledger = Field(default=Ledger(), description="The stored truth.")
    views: Views = Field(default=Views(), description="Floors and sizes of the numbers.")
    graph: Graph = Field(default=Graph(), description="Who talks with whom, and the circles in it.")
    api: Api = Field(default=Api(), description="The HTTP API and dashboard.")
    alerts: Alerts = Field(default=Alerts(), description="What is worth telling.")
    routing: Routing = Field(default=Routing(), description="Who is told of which alerts, and when.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="How much is logged.")

    @field_validator("data_dir")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @model_validator(mode="after")
    def _brands_are_distinct(self) -> Self:
        names = [brand.name for brand in self.brands]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"brands with the same name: {', '.join(twice)}")
        return self

    def brand(self, name: str) -> Brand:
        """The brand called `name`. Raises `KeyError`."""
        return {brand.name: brand for brand in self.brands}[name]
