"""The process beside the worker: it does the job, tells when it cannot, and does not outlive who asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from streams.graph.answers import Circles
from streams.graph.aside import Aside, JobFailed
from streams.graph.circles import circles
from streams.graph.job import encoded
from streams.graph.texts import Shelf
from streams.views.columns import identity
from tests.streams.graph.talk import material_of
from tests.streams.graph.test_circles import talk
from tests.streams.shelf import shelved


async def test_the_job_is_done(tmp_path: Path) -> None:
    material = material_of(talk())
    others = [(author, text) for author, text in material.texts if author != identity("x:brand")]
    shelf = Shelf(str(shelved(talk(), tmp_path / "ledger")), str(tmp_path / "notes"))
    out = await Aside().run(encoded(material, shelf=shelf))
    assert msgspec.msgpack.decode(out, type=Circles) == circles(material._replace(texts=others))


async def test_a_ledger_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="status 1: OSError: the state on disk cannot be read"):
        await Aside().run(encoded(material_of(talk()), shelf=Shelf(str(tmp_path / "nothing"), str(tmp_path / "notes"))))


async def test_what_cannot_be_done_is_told() -> None:
    with pytest.raises(JobFailed, match=r"status 1: .*msgpack|status 1: .*ValidationError|status 1: .*Decode"):
        await Aside().run([b"no material"])


async def test_a_stop_ends_it() -> None:
    aside = Aside()
    running = asyncio.ensure_future(aside.run(encoded(material_of(talk()))))
    while aside._process is None:
        await asyncio.sleep(0.01)
    aside.stop()
    with pytest.raises(JobFailed):
        await running
    assert aside._process.returncode is not None
    with pytest.raises(JobFailed, match="stopping"):
        await aside.run([b""])


async def test_who_goes_away_takes_it_along() -> None:
    aside = Aside()
    running = asyncio.ensure_future(aside.run(encoded(material_of(talk()))))
    while aside._process is None:
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await aside._process.wait() < 0
