"""Names where ids are wanted: a name can pass to somebody else, who would then be answered."""

from __future__ import annotations

from pathlib import Path

from tests.bad.test_one_bot_for_two import problems


def test_people_by_their_names(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
outlets:
  slack:
    token_file: token
    app_token_file: app
    channel: "#ops"
    questions: {enabled: true, people: [ana]}
  telegram:
    token_file: token
    chat: -100
    questions: {enabled: true, rooms: ["@acme"], manage: [501, "@ana"]}
""",
    )
    assert [line.partition(": ")[2] for line in found] == [
        "outlets.slack.channel: '#ops' is no id of a channel: it begins with C, in the channel's details",
        "outlets.slack.questions.people[0]: 'ana' is no id of a person: it begins with U, in their profile",
        "outlets.telegram.questions.rooms[0]: '@acme' is no chat's number, such as -1001234567890",
        "outlets.telegram.questions.manage[1]: '@ana' is no person's number; names can pass to others",
    ]
