"""The posts that hold given words: which they are, and that what changes in the ledger is seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.alerting.about import About, Words
from streams.records import Post
from streams.views.window import Window
from tests.streams.alerting.asking import ACME
from tests.streams.alerting.world import MINUTE, NOW, MemoryDesk, entry

HOUR = Window(NOW - timedelta(hours=1), NOW)


@pytest.mark.parametrize(
    ("words", "text", "tags", "holds"),
    [
        (["repair"], "To REPAIR it", (), True),
        (["repair"], "repairable", (), False),
        (["repair"], "nothing", ("Repair",), True),
        (["#repair"], "to repair", (), False),
        (["#repair"], "nothing", ("#repair",), True),
        (["right to repair"], "The  Right to\nrepair!", (), True),
        (["reparación"], "la reparacion", (), True),
        (["c++"], "I write c++.", (), True),
        (["a.c"], "abc", (), False),
        (["one", "two"], "two", (), True),
    ],
)
def test_words(words: list[str], text: str, tags: tuple[str, ...], holds: bool) -> None:
    assert Words(words).are_in(Post("x:1", text=text, hashtags=tags)) is holds


async def test_its_rows_are_those_of_the_posts_and_follow_the_ledger() -> None:
    desk = MemoryDesk(
        entry(f"p{n}", NOW - MINUTE * (n + 1), text="to repair" if n % 3 else "to buy", sentiment="negative")
        for n in range(55)
    )
    about = About(desk)
    rows = await about.about(ACME, ["repair"], HOUR)
    assert len(rows) == sum(n % 3 > 0 for n in range(55))
    assert await about.about(ACME, ["repair"], HOUR) is rows, "read once"
    desk.drop("demo:p1")
    assert len(await about.about(ACME, ["repair"], HOUR)) == len(rows) - 1
    assert len(await about.about(ACME, ["buy"], HOUR)) == 19
    about.forget_all_but(())
    desk.here = False
    with pytest.raises(KeyError):
        await about.about(ACME, ["repair"], HOUR)
