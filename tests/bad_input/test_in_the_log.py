"""Bad records straight in `posts`, as another program could write them: a dead letter each, no neighbour is lost."""

from __future__ import annotations

import pytest

from tests.bad_input.records import BAD, SURROGATES, Bad
from tests.bad_input.service import Service, good

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("bad", BAD + SURROGATES, ids=lambda bad: bad.name)
async def test_a_bad_record_is_a_dead_letter_between_good_ones(service: Service, bad: Bad) -> None:
    """With its source, its place, its bytes and the reason."""
    before, after = good(2), good(2)
    offsets = await service.write([*before.values(), bad.value, *after.values()])
    place = f"{service.topics.posts}/0/{offsets[2]}"
    letter = (await service.until_letters([place]))[place]
    assert bad.reason in letter.reason
    assert "internal error" not in letter.reason
    assert letter.source == service.topics.posts
    assert letter.record == bad.value[: 64 * 1024]
    found = await service.until_counted([*before, *after])
    assert "test:bad" not in found
