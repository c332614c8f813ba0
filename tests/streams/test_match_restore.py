"""A partition gained without its state after the configuration has changed: what names nothing now ends nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from classifiers.null import NullClassifier
from config.schema import Brand, Config
from streams.log import Record
from streams.match import Matcher
from streams.membership import Membership
from streams.records import Author, Entry, Post, encode
from streams.store import Store
from streams.terms import Terms

AT = datetime(2026, 1, 1, tzinfo=UTC)


def entry(number: int, text: str) -> bytes:
    """As the ledger holds it, with a sentiment."""
    post = Post(id=f"t:{number}", platform="t", author=Author("t:a"), text=text, created_at=AT)
    return encode(Entry("apple", post, "name", AT, sentiment="positive", p=(0.1, 0.2, 0.7), model="m"))


def matcher(folder: Path, recover: Any = None) -> tuple[Matcher, Store]:
    """One that keeps its state in `folder`; restoring needs no Kafka."""
    config = Config.model_validate(
        {"brands": [Brand(name="apple", terms=("apple",)).model_dump()], "kafka": {"posts_partitions": 1}}
    )
    terms, store, nobody = Terms(config.brands), Store(folder), cast("Any", None)
    membership = Membership(store, terms, lambda _: {}, config.match, 10**12)
    return Matcher(0, config, membership, store, terms, NullClassifier(), nobody, nobody, recover), store


async def test_an_entry_by_a_term_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    """The others are taken in, with what the classifier said of them."""
    restored, store = matcher(tmp_path / "state")
    values = [entry(1, "an apple"), entry(2, "a pear, by a term of last week"), entry(3, "two apples? no: apple")]
    await restored.restore([Record(number, b"k", value, 0) for number, value in enumerate(values)])
    kept = {key[1:].decode() for key, _ in store.scan(b"p")}
    assert kept == {"t:1", "t:3"}
    assert all(b"positive" in value for _, value in store.scan(b"p"))
    store.close()


async def test_a_partition_is_rebuilt_once_also_when_its_log_is_empty(tmp_path: Path) -> None:
    """Or every start would read the whole ledger topic again, for as long as nothing is posted."""
    rebuilt: list[int] = []

    async def recover(restored: Matcher) -> int:
        rebuilt.append(restored.partition)
        return -1

    for _ in range(2):
        restored, store = matcher(tmp_path / "state", recover)
        assert await restored.open() == -1
        store.close()
    assert rebuilt == [0]
