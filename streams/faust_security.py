"""The security settings of a cluster in the form Faust takes."""

from __future__ import annotations

from aiokafka.helpers import create_ssl_context
from faust.auth import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

from config.schema import Kafka


def credentials(kafka: Kafka) -> CredentialsT | None:
    """Faust's form of `kafka.security`; `None` for a plain connection. Raises `ValueError` for what it cannot do."""
    settings = {name: str(value) for name, value in kafka.security.items()}
    protocol = settings.get("security_protocol", "PLAINTEXT")
    if protocol == "PLAINTEXT":
        return None
    files = {name.removeprefix("ssl_"): value for name, value in settings.items() if name.startswith("ssl_")}
    context = create_ssl_context(**files) if "SSL" in protocol else None
    if protocol == "SSL":
        return SSLCredentials(context)
    if protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        password = kafka.password.get_secret_value() if kafka.password is not None else None
        return SASLCredentials(
            username=settings.get("sasl_plain_username"),
            password=password,
            mechanism=settings.get("sasl_mechanism", "PLAIN"),
            ssl_context=context,
        )
    raise ValueError(
        f"kafka.security.security_protocol: {protocol!r} is not PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
