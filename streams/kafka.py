"""How every process opens Kafka clients: one place for security and for the settings that make it fast and safe."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.helpers import create_ssl_context

from config.schema import Kafka
from streams.topics import MAX_MESSAGE


def security_settings(kafka: Kafka) -> dict[str, Any]:
    """The client settings of `kafka.security`, with the certificate files opened and the password revealed."""
    settings = admin_settings(kafka)
    files = {name: settings.pop(name) for name in list(settings) if name.startswith("ssl_")}
    if "SSL" in str(settings.get("security_protocol", "")):
        settings["ssl_context"] = _ssl_context(files)
    return settings


def admin_settings(kafka: Kafka) -> dict[str, Any]:
    """The same for the administration client, which opens the certificate files itself."""
    settings = dict(kafka.security)
    if kafka.password is not None:
        settings["sasl_plain_password"] = kafka.password.get_secret_value()
    return settings


def _ssl_context(files: Mapping[str, Any]) -> ssl.SSLContext:
    renamed = {name.removeprefix("ssl_"): value for name, value in files.items()}
    context: ssl.SSLContext = create_ssl_context(**renamed)
    return context


def producer(bootstrap: str, kafka: Kafka, client_id: str = "tertulia") -> AIOKafkaProducer:
    """An idempotent producer (acks=all, no doubles on retry, order kept) that batches for 20 ms or 256 KiB."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        enable_idempotence=True,
        linger_ms=20,
        max_batch_size=256 * 1024,
        max_request_size=MAX_MESSAGE,
        request_timeout_ms=30_000,
        **security_settings(kafka),
    )


def consumer(bootstrap: str, kafka: Kafka, **settings: Any) -> AIOKafkaConsumer:
    """A consumer without a group, for readers that keep their own position."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=8 * 1024 * 1024,
        max_partition_fetch_bytes=MAX_MESSAGE,
        **security_settings(kafka),
        **settings,
    )
