"""A folder for each class."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.data.columns import infer_inputs
from polymodal.data.table import read


def fill(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def test_classes_are_labels(tmp_path):
    root = fill(tmp_path / "pets", {"cat/2.png": "x", "cat/1.JPG": "x", "dog/a.jpeg": "x"})
    table = read(root)
    assert [table.row(i) for i in range(3)] == [
        {"image": "cat/1.JPG", "label": "cat"}, {"image": "cat/2.png", "label": "cat"},
        {"image": "dog/a.jpeg", "label": "dog"}]
    assert table.root == root
    assert [g.modality for g in infer_inputs(table, "label")] == ["image"]


def test_files_that_share_a_name_are_one_row(tmp_path):
    table = read(fill(tmp_path / "t", {"yes/1.png": "x", "yes/1.wav": "x", "no/1.wav": "x",
                                       "no/2.png": "x", "no/2.jpg": "x"}))
    assert [table.row(i) for i in range(4)] == [
        {"image": None, "audio": "no/1.wav", "label": "no"},
        {"image": "no/2.jpg", "audio": None, "label": "no"},
        {"image": "no/2.png", "audio": None, "label": "no"},
        {"image": "yes/1.png", "audio": "yes/1.wav", "label": "yes"}]


def test_split_folders_are_recognised(tmp_path):
    table = read(fill(tmp_path / "t", {"train/cat/1.png": "x", "valid/dog/2.png": "x",
                                       "test/dog/3.png": "x"}))
    assert sorted(tuple(table.row(i).values()) for i in range(3)) == [
        ("test/dog/3.png", "dog", "test"), ("train/cat/1.png", "cat", "train"),
        ("valid/dog/2.png", "dog", "val")]


def test_classes_that_are_called_as_splits_stay_classes(tmp_path):
    table = read(fill(tmp_path / "t", {"train/1.png": "x", "test/2.png": "x"}))
    assert table.column_names == ["image", "label"]
    assert set(table.values("label")) == {"train", "test"}


def test_texts_are_read(tmp_path):
    files = {"neg/1.txt": "无聊的电影", "pos/1.txt": "\ufeffa fine film"}
    table = read(fill(tmp_path / "t", files))
    assert list(table.values("text")) == ["无聊的电影", "a fine film"]


def test_text_that_is_not_utf8(tmp_path):
    root = fill(tmp_path / "t", {"neg/1.txt": b"\xff\xfe\xfa"})
    with pytest.raises(DataError, match=r"^neg/1\.txt needs UTF-8 text\. Save the file"):
        read(root)


def test_nested_files_belong_to_the_class_and_others_are_announced(tmp_path, capsys):
    table = read(fill(tmp_path / "t", {"cat/a/1.png": "x", "cat/notes.md": "x",
                                       "cat/.hidden.png": "x", "dog/1.png": "x"}))
    assert list(table.values("image")) == ["cat/a/1.png", "dog/1.png"]
    assert ("Warning: t: 1 files are no image, sound, video or text and are left out, such as "
            "cat/notes.md.") in capsys.readouterr().err


def test_folder_without_media(tmp_path):
    with pytest.raises(DataError, match=r"^t holds no image, sound, video or text in its folders"):
        read(fill(tmp_path / "t", {"cat/1.bin": "x"}))
