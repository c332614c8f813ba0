"""What is raised for a model that cannot be used."""

from __future__ import annotations

from typing import Final

MODEL_KEY: Final = "classifiers.sentiment.model"
LABELS_KEY: Final = "classifiers.sentiment.labels"
DEVICE_KEY: Final = "classifiers.sentiment.device"


class BadModel(Exception):
    """The model named in the configuration cannot be used; the message says why and what would help."""
