"""Conversations: OpenAI's messages and ShareGPT."""

from __future__ import annotations

import json
import pickle

import pytest

from polymodal.core.errors import DataError
from polymodal.media.media_cell import cells_of
from polymodal.profile.columns import judge_columns
from polymodal.tables.conversations import row_before, said
from polymodal.tables.table import read
from polymodal.text.dialogue.messages import from_cell
from published_sets import write_json

ASKED = {
    "role": "user",
    "content": [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "a.png"}},
    ],
}
TALK = [
    {"role": "developer", "content": "Be brief."},
    ASKED,
    {"role": "assistant", "content": "A dog."},
    {"role": "user", "content": "Why?"},
    {"role": "assistant", "content": "So.", "kind": "reason"},
]


def write(path, *lines):
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_each_answer_is_a_row_with_its_facts(tmp_path):
    table = read(write(tmp_path / "a.jsonl", {"messages": TALK, "kind": "animal", "n": [1]}))
    assert list(table.values("response")) == ["A dog.", "So."]
    assert list(table.values("image")) == ["a.png", "a.png"]
    assert list(table.values("turn")) == [1, 2]
    assert list(table.values("kind")) == ["animal", "reason"]
    first = from_cell(table.cell(0, "conversation"))
    assert first[0] == {"role": "system", "content": "Be brief."}
    assert first[1]["content"] == [{"type": "text", "text": "What?"}, {"type": "image"}]
    assert len(from_cell(table.cell(1, "conversation"))) == 4


def test_a_question_without_an_answer_is_a_row_to_predict(tmp_path):
    table = read(write(tmp_path / "a.jsonl", {"messages": [ASKED]}, {"messages": TALK}))
    assert list(table.values("response")) == [None, "A dog.", "So."]


def test_all_images_are_read_in_their_order():
    talk = [
        {
            "role": "user",
            "content": [{"type": "image", "image": "1.png"}, {"type": "image", "image": "2.png"}],
        },
        {"role": "user", "content": [{"type": "image", "image": "3.png"}]},
    ]
    row = row_before([said(one, "") for one in talk])
    assert cells_of(row["image"]) == ["1.png", "2.png", "3.png"]
    assert row["conversation"].count("image") == 3
    row = row_before([said(one, "") for one in talk], most_images=2)
    assert cells_of(row["image"]) == ["2.png", "3.png"]
    assert row["conversation"].count("image") == 2


def test_the_last_of_several_sounds_is_read_and_counted(tmp_path, capsys):
    talk = [
        {
            "role": "user",
            "content": [{"type": "audio", "audio": "1.wav"}, {"type": "audio", "audio": "2.wav"}],
        }
    ]
    row = row_before([said(one, "") for one in talk])
    assert row["audio"] == "2.wav"
    assert row["conversation"].count("audio") == 1
    read(write(tmp_path / "a.jsonl", {"messages": talk}))
    assert "several sounds or videos before an answer" in capsys.readouterr().err


def test_sound_is_a_data_uri():
    part = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    row = row_before([said({"role": "user", "content": [part]}, "")])
    assert row["audio"] == "data:audio/wav;base64,UklGRg=="


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"messages": []}', r'a list "messages" in line 2\. Got '),
        ('{"messages": [{"role": "dog", "content": "x"}]}', r'a "role".*in line 2, message 1'),
        (
            '{"messages": [{"role": "user", "content": 3}]}',
            r'"content" as a text.*line 2, message 1',
        ),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "parts of type"),
        (
            '{"messages": [{"role": "user", "content": [{"type": "file"}]}]}',
            r"parts of type.*in line 2, message 1\. Got \{'type': 'file'\}\. Write",
        ),
        (
            '{"messages": [{"role": "assistant", "content": null, "tool_calls": [1]}]}',
            r"an answer in words in line 2, message 1.*Calls of tools are not learned",
        ),
        ('{"messages"', r"Line 2 is not one.*Fix that line"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, line, message):
    path = write(tmp_path / "a.jsonl", {"messages": TALK})
    path.write_text(path.read_text(encoding="utf-8") + "\n" + line, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read(path)


def test_answers_are_named_by_line_and_turn(tmp_path, capsys):
    empty = [ASKED, {"role": "assistant", "content": " "}, *TALK[1:]]
    table = read(write(tmp_path / "a.jsonl", {"messages": TALK}, {"messages": empty}))
    assert table.unit == "answers"
    assert [table.row_name(row) for row in range(4)] == [
        "line 1, turn 1",
        "line 1, turn 2",
        "line 2, turn 2",
        "line 2, turn 3",
    ]
    assert table.select([3]).where(0) == {"table": "a.jsonl", "row": 4, "place": "line 2, turn 3"}
    assert table.data.column_names == table.column_names
    assert capsys.readouterr().err.count("empty and are skipped, such as line 2, turn 1.") == 1
    error = DataError("is bad.", **table.where(2), column="image").left_out()
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == 'a.jsonl line 2, turn 2: column "image" is bad.'


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_list_of_conversations_and_those_in_memory_are_read(tmp_path, name):
    told = [{"messages": TALK, "kind": "animal"}, {"messages": TALK}]
    table = read(write_json(tmp_path / name, told))
    assert table.row_name(2) == "entry 2, turn 1"
    table = read(told)
    assert list(table.values("kind")) == ["animal", "reason", None, "reason"]
    assert table.row_name(2) == "conversation 2, turn 1"
    with pytest.raises(DataError, match=r'^table needs a "role".* conversation 1, message 1\.'):
        read([{"messages": [{"role": "dog"}]}])


def test_answers_without_weight_are_said_and_not_learned(tmp_path, capsys):
    talk = [TALK[1], {**TALK[2], "weight": 0}, *TALK[3:]]
    table = read(write(tmp_path / "a.jsonl", {"messages": talk}))
    assert list(table.values("response")) == ["So."]
    assert from_cell(table.cell(0, "conversation"))[1]["content"] == "A dog."
    assert "weight 0 and are not learned, such as line 1, turn 1" in capsys.readouterr().err


def test_parts_of_newer_requests_are_read():
    asked = [{"type": "input_text", "text": "What?"}, {"type": "input_image", "image_url": "a.png"}]
    row = row_before([said({"role": "user", "content": asked}, "")])
    assert row["image"] == "a.png"
    assert from_cell(row["conversation"])[0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image"},
    ]


def test_sharegpt_is_told_by_its_turns(tmp_path):
    turns = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]
    table = read(write_json(tmp_path / "a.json", [{"conversations": turns, "system": "Be."}]))
    assert table.column_names == ["conversation", "response", "turn"]
    assert [one["role"] for one in from_cell(table.cell(0, "conversation"))] == ["system", "user"]
    bad = [{"conversations": [{"from": "dog", "value": "x"}]}]
    with pytest.raises(DataError, match=r'"from" \(human or gpt\).*in entry 1, turn 1'):
        read(write_json(tmp_path / "b.json", bad))


def test_other_tasks_leave_conversations_out(tmp_path):
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"question {i}"},
                {"role": "assistant", "content": "so"},
            ]
        }
        for i in range(4)
    ]
    found = judge_columns(read(write(tmp_path / "a.jsonl", *lines)), "response")
    assert "conversations" in {one.column: one.reason for one in found.left_out}["conversation"]
