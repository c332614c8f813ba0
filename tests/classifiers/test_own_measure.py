"""`python -m classifiers.measure`: the confusion matrix of a user's own model."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers import LABELS, Request
from classifiers.measure import BadTable, main, read
from classifiers.own import open_own
from tests.classifiers.own_folders import onnx_folder
from tests.classifiers.texts import make_texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return onnx_folder(tmp_path / "mine", None)


MAPPING = ["--label", "LABEL_0=negative", "--label", "LABEL_1=neutral", "--label", "LABEL_2=positive"]


async def _answers(folder: Path, texts: list[str]) -> list[str]:
    labels = {each.partition("=")[0]: each.partition("=")[2] for each in MAPPING[1::2]}
    model = open_own(str(folder), labels=labels)
    found = await model.classify([Request(text) for text in texts])
    await model.close()
    return [verdict.sentiment for verdict in found if verdict]


async def test_what_it_writes_is_what_the_model_says(folder: Path, tmp_path: Path) -> None:
    import asyncio

    texts = make_texts(90)
    answers = await _answers(folder, texts)
    table = tmp_path / "posts.tsv"
    rows = [f"{LABELS[i % 3]}\t{text}\t{'es' if i < 60 else 'fr'}" for i, text in enumerate(texts)]
    table.write_text("\n".join(["label\ttext\tlang", *rows]), "utf-8")
    assert await asyncio.to_thread(main, [str(folder), str(table), *MAPPING]) == 0
    labels = dict(each.split("=") for each in MAPPING[1::2])
    found = open_own(str(folder), labels=labels).confusion
    assert set(found) == {"es", "fr"}
    assert sum(map(sum, found["es"])) == 60
    assert found["fr"][1][2] == sum(answers[i] == "positive" for i in range(60, 90) if i % 3 == 1)
    assert found["es"][0][0] == sum(answers[i] == "negative" for i in range(60) if i % 3 == 0)


def test_the_language_is_told_from_the_text_when_it_is_not_given(tmp_path: Path) -> None:
    table = tmp_path / "posts.tsv"
    table.write_text(
        "text\tlabel\ttarget\n"
        "Me encanta este móvil, es lo mejor que he comprado\tpositive\tAcme\n"
        "ok\tneutral\t\n"
        'The "shop" opens at nine on Monday, as always\tneutral\t\n',
        "utf-8",
    )
    assert read(table) == [
        (2, Request("Me encanta este móvil, es lo mejor que he comprado", "Acme", "es")),
        (1, Request('The "shop" opens at nine on Monday, as always', None, "en")),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", ":1: a header is needed with the columns label and text"),
        ("positive\tgood\n", ":1: a header is needed"),
        ("label\ttext\npositive\tgood\ngreat\tfine\n", ":3: 'great' with 'fine' is no labelled post"),
        ("label\ttext\npositive\n", ":2: 'positive' with None is no labelled post"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "posts.tsv").write_text(content)
    with pytest.raises(BadTable, match=told):
        read(tmp_path / "posts.tsv")


def test_mistakes_end_with_2_and_leave_no_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "posts.tsv"
    assert main([str(folder), str(table)]) == 2
    assert "posts.tsv" in capsys.readouterr().err
    table.write_text("label\ttext\tlang\npositive\tgood\ten\n")
    assert main([str(folder), str(table)]) == 2
    assert "classifiers.sentiment.labels" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["someone/model", str(table)])
    assert ended.value.code == 2
    assert not (folder / "confusion.json").exists()
