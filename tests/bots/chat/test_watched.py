"""A watch counts only while the configuration lets its room, or its manager, ask."""

from __future__ import annotations

import pytest

from bots.chat.base import Tools
from bots.chat.matrix import Matrix, MatrixOptions
from bots.chat.watched import Watched
from bots.chat.watches import Watch
from tests.bots.chat.destination import NOW, session


def watch(room: str = "!home:x", outlet: str = "matrix", person: str = "") -> Watch:
    return Watch(outlet, room, ("brand=acme",), "matrix:@ana:x (Ana: the first)", NOW, person)


@pytest.mark.parametrize(
    ("questions", "given", "counts"),
    [
        ({"enabled": True}, watch(), True),
        ({"enabled": False}, watch(), False),
        ({"enabled": True}, watch(room="!else:x"), False),
        ({"enabled": True, "rooms": ["!else:x"]}, watch(room="!else:x"), True),
        ({"enabled": True, "rooms": ["!else:x"]}, watch(), False),
        ({"enabled": True, "manage": ["@ana:x"]}, watch(room="!private:x", person="@ana:x"), True),
        ({"enabled": True, "manage": ["@bob:x"]}, watch(room="!private:x", person="@ana:x"), False),
        ({"enabled": True, "manage": ["@ana:x"]}, watch(room="!else:x"), False),
        ({"enabled": True}, watch(outlet="gone"), False),
    ],
)
async def test_who_may_ask_may_watch(questions: dict[str, object], given: Watch, counts: bool) -> None:
    options = {"homeserver": "http://127.0.0.1", "room": "!home:x", "token": "t", "questions": questions}
    async with session() as http:
        outlet = Matrix(MatrixOptions.model_validate(options), Tools(http, lambda: NOW))
        watched = Watched(lambda: [given], {"matrix": outlet})
        assert bool(watched.all()) is counts


async def test_changes_are_noticed() -> None:
    found: list[Watch] = []
    options = {"homeserver": "http://127.0.0.1", "room": "!home:x", "token": "t", "questions": {"enabled": True}}
    async with session() as http:
        outlet = Matrix(MatrixOptions.model_validate(options), Tools(http, lambda: NOW))
        watched = Watched(lambda: list(found), {"matrix": outlet})
        assert not watched.refresh()
        found.append(watch())
        assert watched.refresh()
        assert not watched.refresh()
        assert watched.all() == found
