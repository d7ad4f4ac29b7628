"""LLaVA conversations."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.image import read_image
from polymodal.tables.table import read
from published_sets import write_json, write_pictures


def talk(*texts, image=None, first="human"):
    speakers = ["human", "gpt"] if first == "human" else ["gpt", "human"]
    turns = [{"from": speakers[i % 2], "value": text} for i, text in enumerate(texts)]
    return {"id": "0", "conversations": turns, **({} if image is None else {"image": image})}


@pytest.mark.parametrize("folder", [".", "images", "../images"])
def test_each_answer_is_a_row(tmp_path, folder):
    write_pictures(tmp_path / "text" / folder, "00/1.jpg")
    path = write_json(
        tmp_path / "text" / "blip_laion.json",
        [
            talk("<image>\nWhat is it?", "A dog.", "Which colour?", "Black.", image="00/1.jpg"),
            talk("Tell me a joke.", "No."),
        ],
    )
    table = read(path)
    assert table.column_names == ["image", "prompt", "response", "conversation", "turn"]
    assert list(table.values("prompt")) == [
        "What is it?",
        "What is it?\nA dog.\nWhich colour?",
        "Tell me a joke.",
    ]
    assert list(table.values("response")) == ["A dog.", "Black.", "No."]
    assert read_image(table.cell(1, "image"), table.root).shape == (4, 6, 3)
    assert table.cell(2, "image") is None


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_pictures(tmp_path, "1.jpg")
    path = write_json(
        tmp_path / "a.json",
        [
            talk("What?<image>", "A dog.", "Where?", image="1.jpg"),
            talk("Who?", "I.", image="2.jpg"),
            talk("Hello!", "Hi.", "Hello.", first="gpt"),
            talk("Why?", " "),
        ],
    )
    table = read(path)
    assert list(table.values("response")) == ["A dog.", "Hello."]
    assert table.cell(1, "prompt") == "Hello!\nHi."
    warnings = capsys.readouterr().err
    for text in (
        "1 entries are skipped, because their pictures are missing, such as 2.jpg.",
        "1 questions have no answer and are skipped, such as entry 1.",
        "1 answers have nothing before them and are skipped, such as entry 3, turn 1.",
        "1 answers are empty and are skipped, such as entry 4, turn 1.",
    ):
        assert f"Warning: a.json: {text}" in warnings


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"image": "1.jpg"}, r'a list "conversations" in entry 2\. Got '),
        (talk("a", "b", image=["1.jpg", 2]), r'a list of paths or none as "image" in entry 2'),
        (
            {"conversations": [{"from": "dog", "value": "x"}]},
            r'"from" \(human or gpt\).* in entry 2',
        ),
    ],
)
def test_entries_that_are_wrong_are_named(tmp_path, entry, message):
    with pytest.raises(DataError, match=message):
        read(write_json(tmp_path / "a.json", [talk("a", "b"), entry]))


def test_missing_pictures(tmp_path):
    with pytest.raises(DataError, match=r"names pictures that are not there, such as 1\.jpg"):
        read(write_json(tmp_path / "a.json", [talk("a", "b", image="1.jpg")]))
