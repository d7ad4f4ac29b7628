"""What the columns of a table become, and why."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from media_files import tone, write_container
from polymodal.core.errors import RecipeError
from polymodal.profile.columns import infer_inputs, judge_columns
from polymodal.profile.profile import profile
from polymodal.tables.group import group_rows
from polymodal.tables.table import read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
LONG = 40
PICTURES = [PNG + bytes([i]) for i in range(40)]


def modality_of(cells, root=".", name="c"):
    """Returns the modality of one column, or the reason why it is left out."""
    found = judge_columns(read({name: cells}, media_root=root))
    return found.inputs[0].modality if found.inputs else found.left_out[0].reason


def real(shared_data, name, target, *ignore):
    found = judge_columns(read(shared_data / name), target, ignore)
    return {guess.name: guess.modality for guess in found.inputs}, found


def test_real_pictures_and_sounds(shared_data):
    for table in ("train", "test_missing", "train_imbalanced"):
        inputs, found = real(shared_data, f"av_digits/{table}.csv", "digit")
        assert inputs == {"image": "image", "audio": "audio"}
        assert [(left.column, left.reason) for left in found.left_out] == [
            (
                "speaker",
                "Ignored because it names a speaker or place, which train and test should "
                "not share (--split-group speaker keeps them apart); to use it "
                "anyway: --set inputs.speaker.modality=...",
            )
        ]


@pytest.mark.parametrize(
    "name",
    [
        "speaker",
        "Speaker ID",
        "client_id",
        "chapter",
        "userName",
        "author",
        "session",
        "recording",
        "subject_id",
        "voice",
    ],
)
@pytest.mark.parametrize(
    "values",
    [range(8), [f"{i:04}" for i in range(8)], ["Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal"]],
)
def test_who_speaks_is_no_input_beside_media(name, values):
    rows = {"c": PICTURES, "x": [1.5, 2.5, 3.5, 4.5] * 10, name: [*values] * 5}
    found = judge_columns(read(rows))
    assert [guess.columns for guess in found.inputs] == [["c"], ["x"]]
    assert "it names a speaker or place" in found.left_out[0].reason
    alone = judge_columns(read({"x": rows["x"], name: rows[name]}))  # buyers may well be an input
    assert not any("a speaker or place" in left.reason for left in alone.left_out)


def test_who_speaks_is_found_where_there_are_some(shared_data):
    assert profile(read(shared_data / "av_digits" / "train.csv")).who_columns() == ["speaker"]
    rows = {
        "speaker": [*range(1000, 1050)] * 2,
        "client_id": [f"{i:04}" for i in range(100)],
        "voice": ["alto"] * 100,
        "author": [f"she wrote {i} books" for i in range(50)] * 2,
    }
    assert profile(read(rows)).who_columns() == ["speaker"]


def test_what_only_sounds_like_a_name_of_a_group_stays():
    rows = {
        "image": PICTURES,
        "recording_seconds": [1.5, 2.5, 3.5, 4.5] * 10,
        "subject": ["tree", "house"] * 20,
        "user_rating": [1, 2, 3, 4] * 10,
        "author": [f"she wrote {i} books about whales at sea" for i in range(40)],
    }
    found = judge_columns(read(rows))
    assert [column for guess in found.inputs for column in guess.columns] == [
        "image",
        "author",
        "recording_seconds",
        "subject",
        "user_rating",
    ]


@pytest.mark.parametrize(
    ("table", "target", "inputs"),
    [
        ("easy_vqa/train.csv", "answer", {"image": "image", "question": "text"}),
        ("esc10/train.csv", "sound", {"audio": "audio"}),
        ("nlvr/train.jsonl", "label", {"image": "image", "sentence": "text"}),
        ("photos/captions.jsonl", "captions", {"image": "image"}),
        ("photos/captions.jsonl", None, {"image": "image", "captions": "text"}),
        ("speech/speech.csv", "source", {"audio": "audio", "transcript": "text"}),
        ("grid_av/clips.csv", "transcript", {"video": "video"}),
        ("connected_digits/val.csv", "transcript", {"audio": "audio", "tabular": "tabular"}),
        (
            "mosi/train.parquet",
            "sentiment",
            {
                "transcript": "text",
                "text_features": "vector",
                "audio_features": "vector",
                "video_features": "vector",
                "tabular": "tabular",
            },
        ),
    ],
)
def test_real_tables(shared_data, table, target, inputs):
    assert real(shared_data, table, target)[0] == inputs


def test_name_of_a_video_is_left_out(shared_data):
    _, found = real(shared_data, "mosi/train.parquet", "sentiment")
    assert [(left.column, left.reason) for left in found.left_out] == [
        (
            "video",
            "Ignored because it looks like an ID (62 distinct values "
            "in 1,447 cells); to use it anyway: --set inputs.video.modality=...",
        )
    ]


def test_videos_as_sequences(shared_data):
    table = group_rows(read(shared_data / "mosi/val.parquet"), "video", "position")
    found = {guess.name: guess.modality for guess in infer_inputs(table, "sentiment", ["position"])}
    vectors = ["text_features", "audio_features", "video_features"]
    assert found == {"transcript": "texts"} | dict.fromkeys(vectors, "sequence")


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        (["a fine day", "a dull one", "rain again"] * 4, "one text for each step of a sequence"),
        ([f"clip_{i:04}" for i in range(12)], "looks like an ID"),
        (["same"] * 12, "its steps are all alike"),
        ([f"[{i}, 0.5]" for i in range(12)], "each step of a sequence is a list of numbers"),
        (["train", "test"] * 6, "its steps are all alike"),
    ],
)
def test_texts_of_steps(steps, verdict):
    table = group_rows(read({"c": steps, "name": ["a", "b"] * 5 + ["c"] * 2}), "name")
    found = judge_columns(table, ignore=["name"])
    assert verdict in (found.inputs or found.left_out)[0].reason


def test_files_must_exist(tmp_path):
    paths = [f"{i}.png" for i in range(LONG)]
    assert modality_of(paths, tmp_path) == (
        f"Ignored because none of 8 sampled files exists under {tmp_path}, such as 0.png "
        "(--media-root says where files are); to use it anyway: --set inputs.c.modality=..."
    )
    (tmp_path / paths[0]).write_bytes(PNG)
    assert modality_of(paths, tmp_path) == "image"


def test_reason_says_how_to_change_it(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    table = read({"c": ["a.wav", None, "a.wav", "b.wav"]}, media_root=tmp_path)
    assert infer_inputs(table)[0].reason == (
        "Read as audio because 3 of its 3 sampled cells are audio files; change "
        "with --set inputs.c.modality=... or --ignore c."
    )


def test_media_in_other_forms(tmp_path):
    assert modality_of([PNG + bytes([i]) for i in range(3)]) == "image"
    assert modality_of([{"path": None, "bytes": PNG}, {"path": "1", "bytes": PNG}]) == "image"
    assert modality_of(["data:audio/wav;base64,AA==", "data:audio/wav;base64,AB=="]) == "audio"
    (tmp_path / "1.png").write_bytes(PNG)
    assert modality_of([["1.png", "2.png"], ["3.png"]], tmp_path) == "video"
    (tmp_path / "t.tar").write_bytes(bytes(512) + PNG)
    cells = [{"path": "t.tar", "offset": 512, "size": size} for size in (20, 21)]
    assert modality_of(cells, tmp_path) == "image"


def test_files_that_are_no_input(tmp_path):
    assert "its files are not images, sound or video" in modality_of([b"abc", b"def"])
    assert "mixes image and video files" in modality_of(["a.png", "b.mp4"])
    assert "names text files instead of holding" in modality_of(["a.txt", "b.txt"])
    assert "it has URLs" in modality_of(["http://x/a.png", "http://x/b.png"])
    assert "lists that no modality reads" in modality_of([["a.wav"], ["b.wav"]])


def test_vectors_and_sequences():
    assert modality_of([[1.0, 2.0], [3.0, 4.0]]) == "vector"
    assert modality_of(["[1, 2]", "[3, 4]"]) == "vector"
    assert modality_of([[1.0], [2.0, 3.0]]) == "sequence"
    assert modality_of([[[1.0], [2.0]], [[3.0]]]) == "sequence"
    assert "its lists are empty" in modality_of([[], [None]])


def test_numbers():
    assert modality_of(["1.5", "2", "-3e4", "n/a", ""]) == "tabular"
    assert modality_of([3.5, 1.0, None]) == "tabular"
    assert modality_of([True, False, True]) == "tabular"
    assert modality_of([i * 7 % 40 for i in range(LONG)]) == "tabular"
    assert modality_of(["1.5", "two"]) == "tabular"  # a category of two values


@pytest.mark.parametrize("cells", [range(LONG), range(LONG, 0, -1), range(5, 5 * LONG, 5)])
def test_row_numbers_are_left_out(cells):
    assert "it is a row number" in modality_of(list(cells))


def test_identifiers_are_left_out():
    assert "a row number" in modality_of([17, 3, 99], name="user_id")
    assert "an ID" in modality_of([f"a{i}f" for i in range(LONG)])
    assert "an ID" in modality_of([f"v{i // 9}" for i in range(600)])
    assert "an ID" in modality_of(["ann", "bob", "cy"], name="ID")


def test_text_against_category():
    sentences = [f"there are {i} red circles on the left" for i in range(LONG)]
    assert modality_of(sentences) == "text"
    assert modality_of(["is it red?", "is there a circle here?"] * 3) == "text"
    assert modality_of(["strongly agree with it", "do not agree"] * LONG) == "tabular"
    assert modality_of(["dog bark", "rain", "sea waves"] * 9) == "tabular"
    assert modality_of(["splendid", "dull", "boring", "fine", "gripping"]) == "text"


def test_chinese_text_has_no_spaces():
    sentences = ["左边有一个红色的圆", "图里没有三角形", "右边是什么颜色", "一共有几个方块"]
    assert modality_of(sentences * 3) == "text"
    assert modality_of(["红色", "蓝色", "绿色"] * 9) == "tabular"


def test_columns_that_say_nothing():
    assert "all its cells are empty" in modality_of(["", " ", None])
    assert "have the same value" in modality_of(["x", "x", "x"])
    assert "names the part of a split" in modality_of(["train", "val", "train", "dev"])
    assert "missing-value marks" in modality_of(["-", "?", "n/a"])
    times = [datetime.time(hour, 30) for hour in (1, 2, 3)]
    assert "has times of day" in modality_of(times)


def test_column_that_is_empty_almost_everywhere():
    cells = [None] * 30_000
    cells[12_345:12_348] = ["one text of words", "another text of words", "a third one here"]
    assert modality_of(cells) == "text"


def test_target_and_ignored_columns_are_no_inputs():
    table = read({"a": [1.5, 2.5], "b": [1.5, 3.5], "y": [0, 1]})
    assert infer_inputs(table, "y", ["b"])[0].columns == ["a"]
    assert infer_inputs(table, "y", "b")[0].columns == ["a"]
    with pytest.raises(RecipeError, match=r'table: No column named "z"\. Columns: a, b, y\.'):
        infer_inputs(table, "y", ["z"])


def test_column_called_tabular():
    table = read({"tabular": ["three words here", "or some more words"], "n": [1.5, 2.5]})
    assert [(g.name, g.modality) for g in infer_inputs(table)] == [
        ("tabular", "text"),
        ("tabular_fields", "tabular"),
    ]


def test_films_of_sound_alone_are_read_as_sound(tmp_path):
    names = [f"{number}.mp4" for number in range(4)]
    for number, name in enumerate(names):
        write_container(tmp_path / name, tone(0.2, hertz=300 + 100 * number))
    table = read({"clip": names, "y": list("abab")}, media_root=tmp_path)
    [guess] = judge_columns(table, "y").inputs
    assert guess.modality == "audio"
    assert "have sound but no video" in guess.reason
    write_container(tmp_path / "0.mp4", tone(0.2), frames=np.zeros((3, 32, 32, 3), np.uint8))
    assert [guess.modality for guess in judge_columns(table, "y").inputs] == ["video"]
    for name in names:
        (tmp_path / name).write_bytes(b"damaged")
    assert [guess.modality for guess in judge_columns(table, "y").inputs] == ["video"]
