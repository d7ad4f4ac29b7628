"""Folders of files with a metadata table, whole or in the parts of a split."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polymodal.core.errors import DataError
from polymodal.profile.columns import infer_inputs
from polymodal.profile.profile import profile
from polymodal.splits.split import split
from polymodal.tables.table import read
from published_sets import write_pictures


def fill(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def rows(table):
    return [table.row(i) for i in range(len(table))]


def test_each_part_has_its_own_metadata(tmp_path):
    root = fill(
        tmp_path / "t",
        {
            "train/metadata.csv": "file_name,label\n0.png,square\n1.png,stripe\n",
            "train/0.png": "x",
            "train/1.png": "x",
            "test/metadata.csv": "file_name,label\n0.png,square\n",
            "test/0.png": "x",
        },
    )
    table = read(root)
    assert sorted(tuple(row.values()) for row in rows(table)) == [
        ("test/0.png", "square", "test"),
        ("train/0.png", "square", "train"),
        ("train/1.png", "stripe", "train"),
    ]
    assert table.column_names == ["image", "label", "split"]
    assert profile(table).split_column("label") == "split"
    assert {k: len(v) for k, v in split(table, "column", column="split").items()} == {
        "train": 2,
        "test": 1,
    }


def test_pictures_of_the_parts_are_an_input(tmp_path):
    for part in ("training", "eval"):
        write_pictures(tmp_path / part, "0.jpg", "1.jpg")
        fill(tmp_path, {f"{part}/metadata.csv": "file_name,y\n0.jpg,a\n1.jpg,b\n"})
    table = read(tmp_path)
    assert [(g.name, g.modality) for g in infer_inputs(table, "y")] == [("image", "image")]
    assert list(table.values("split")) == ["val", "val", "train", "train"]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_other_kinds_of_metadata_keep_their_types(tmp_path, ending):
    record = {"file_name": "a.wav", "age": 3}
    root = fill(tmp_path / "t", {"dev/a.wav": "x", "train/a.wav": "x"})
    for part in ("dev", "train"):
        if ending == "jsonl":
            (root / part / "metadata.jsonl").write_text(json.dumps(record) + "\n")
        else:
            pq.write_table(pa.Table.from_pylist([record]), root / part / "metadata.parquet")
    assert rows(read(root)) == [
        {"audio": "dev/a.wav", "age": 3, "split": "val"},
        {"audio": "train/a.wav", "age": 3, "split": "train"},
    ]


def test_one_metadata_at_the_top_says_the_part_by_the_folder(tmp_path):
    root = fill(
        tmp_path / "t",
        {
            "metadata.csv": "file_name,label\ntrain/0.png,a\ntest/x/1.png,b\n",
            "train/0.png": "x",
            "test/x/1.png": "x",
        },
    )
    assert rows(read(root)) == [
        {"image": "train/0.png", "label": "a", "split": "train"},
        {"image": "test/x/1.png", "label": "b", "split": "test"},
    ]


def test_folder_without_parts(tmp_path):
    root = fill(
        tmp_path / "t", {"metadata.csv": "file_name,label\nwavs/0.wav,a\n", "wavs/0.wav": "x"}
    )
    assert rows(read(root)) == [{"audio": "wavs/0.wav", "label": "a"}]


def test_several_files_a_row_and_lists_of_them(tmp_path):
    record = {"left_file_name": "l.png", "right_file_name": None, "steps_file_names": ["l.png"]}
    root = fill(tmp_path / "t", {"train/metadata.jsonl": json.dumps(record), "train/l.png": "x"})
    assert rows(read(root)) == [
        {"left": "train/l.png", "right": None, "steps": ["train/l.png"], "split": "train"}
    ]


def test_files_that_no_row_names_are_counted(tmp_path, capsys):
    root = fill(
        tmp_path / "t",
        {
            "train/metadata.csv": "file_name,y\n0.png,a\n",
            "train/0.png": "x",
            "train/1.png": "x",
            "train/notes.md": "x",
        },
    )
    assert len(read(root)) == 1
    assert (
        "Warning: t: 1 files are in no row of train/metadata.csv and are skipped, such as "
        "train/1.png."
    ) in capsys.readouterr().err


def test_part_without_metadata_gives_its_files(tmp_path):
    root = fill(
        tmp_path / "t",
        {"train/metadata.csv": "file_name,y\n0.png,a\n", "train/0.png": "x", "test/9.png": "x"},
    )
    assert rows(read(root)) == [
        {"image": "test/9.png", "split": "test", "y": None},
        {"image": "train/0.png", "split": "train", "y": "a"},
    ]


def test_column_split_that_says_something_else(tmp_path):
    root = fill(
        tmp_path / "t",
        {
            "train/metadata.csv": "file_name,split\n0.png,train\n1.png,test\n",
            "train/0.png": "x",
            "train/1.png": "x",
        },
    )
    with pytest.raises(
        DataError,
        match=r'^train/metadata\.csv row 2: column "split" says \'test\' '
        r"of a file in the folder of train\. Correct one of them",
    ):
        read(root)


def test_error_in_one_metadata_names_its_part(tmp_path):
    root = fill(
        tmp_path / "t",
        {
            "train/metadata.csv": "file_name,y\n0.png,a\n",
            "test/metadata.csv": "file_name,y\n0.png\n",
        },
    )
    with pytest.raises(DataError, match=r"^test/metadata\.csv row 1: needs 2 cells"):
        read(root)


def test_name_that_is_taken(tmp_path):
    root = fill(tmp_path / "t", {"metadata.csv": "file_name,image\n0.png,a\n", "0.png": "x"})
    with pytest.raises(DataError, match=r'has a column "image" next to "file_name", which becomes'):
        read(root)
