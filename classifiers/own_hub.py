"""A model of the Hugging Face hub, as a folder on this machine. Only imported where the extra `tertulia[torch]` is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import huggingface_hub
from huggingface_hub import errors

from classifiers import own_files
from classifiers.bad_model import MODEL_KEY, BadModel

WANTED: Final = ("*.json", "*.safetensors", "*.txt", "*.model")
"""Neither pickled weights nor Python code is ever fetched."""


def fetch(name: str) -> Path:
    """The folder of a model: as it was downloaded before, else from the hub, which can take minutes. Raises BadModel.

    What was downloaded stays as it is, also when the hub has a newer version: the numbers would change without a word.
    """
    repository, _, revision = name.partition("@")
    try:
        before = _snapshot(repository, revision, offline=True)
        if own_files.complete(before):
            return before
    except (OSError, errors.HFValidationError):
        pass  # not on this machine
    try:
        return _snapshot(repository, revision, offline=False)
    except errors.GatedRepoError:
        why = "its owner asks for an agreement: accept it on the model's page and set HF_TOKEN"
    except errors.RevisionNotFoundError:
        why = f"the hub has no revision {revision!r} of it"
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        why = "the hub has no such model (for a private one, set HF_TOKEN)"
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        why = (
            "it is not on this machine yet, and the hub cannot be reached; the first start with a model of the hub "
            "needs the network, or name a folder with the model's files"
        )
    except (OSError, errors.HfHubHTTPError) as problem:
        why = f"the download failed: {problem}"
    raise BadModel(f"{MODEL_KEY}: {name}: {why}") from None


def _snapshot(repository: str, revision: str, *, offline: bool) -> Path:
    return Path(
        huggingface_hub.snapshot_download(
            repository,
            revision=revision or None,
            allow_patterns=list(WANTED),
            ignore_patterns=["*/*"],  # other formats and checkpoints of the training
            local_files_only=offline,
        )
    )
