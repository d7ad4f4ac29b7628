"""A folder for each class."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.profile.columns import infer_inputs
from polymodal.tables.table import read


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
        {"image": "cat/1.JPG", "label": "cat"},
        {"image": "cat/2.png", "label": "cat"},
        {"image": "dog/a.jpeg", "label": "dog"},
    ]
    assert table.root == root
    assert [g.modality for g in infer_inputs(table, "label")] == ["image"]


def test_files_that_share_a_name_are_one_row(tmp_path):
    table = read(
        fill(
            tmp_path / "t",
            {"yes/1.png": "x", "yes/1.wav": "x", "no/1.wav": "x", "no/2.png": "x", "no/2.jpg": "x"},
        )
    )
    assert [table.row(i) for i in range(4)] == [
        {"image": None, "audio": "no/1.wav", "label": "no"},
        {"image": "no/2.jpg", "audio": None, "label": "no"},
        {"image": "no/2.png", "audio": None, "label": "no"},
        {"image": "yes/1.png", "audio": "yes/1.wav", "label": "yes"},
    ]


def test_split_folders_are_recognised(tmp_path):
    table = read(
        fill(
            tmp_path / "t", {"train/cat/1.png": "x", "valid/dog/2.png": "x", "test/dog/3.png": "x"}
        )
    )
    assert sorted(tuple(table.row(i).values()) for i in range(3)) == [
        ("test/dog/3.png", "dog", "test"),
        ("train/cat/1.png", "cat", "train"),
        ("valid/dog/2.png", "dog", "val"),
    ]


def rows(table):
    return sorted(tuple(table.row(i).values()) for i in range(len(table)))


def test_files_in_folders_of_parts_have_no_label(tmp_path):
    table = read(fill(tmp_path / "t", {"train/1.png": "x", "test/2.png": "x"}))
    assert table.column_names == ["image", "split"]
    assert rows(table) == [("test/2.png", "test"), ("train/1.png", "train")]


def test_parts_with_different_classes(tmp_path):
    table = read(
        fill(
            tmp_path / "t",
            {"train/cat/1.png": "x", "test/dog/2.png": "x", "README.md": "x", "docs/note.md": "x"},
        )
    )
    assert rows(table) == [("test/dog/2.png", "dog", "test"), ("train/cat/1.png", "cat", "train")]


def test_two_folders_of_one_part(tmp_path):
    table = read(
        fill(tmp_path / "t", {"train/a/1.png": "x", "val/a/2.png": "x", "dev/a/3.png": "x"})
    )
    assert [row[2] for row in rows(table)] == ["val", "train", "val"]


def test_one_part_alone(tmp_path):
    table = read(fill(tmp_path / "t", {"train/cat/1.png": "x", "train/dog/2.png": "x"}))
    assert rows(table) == [("train/cat/1.png", "cat", "train"), ("train/dog/2.png", "dog", "train")]


@pytest.mark.parametrize("name", ["test", "train"])
def test_class_called_as_a_part_among_others(tmp_path, name):
    table = read(fill(tmp_path / "t", {f"{name}/1.png": "x", "cat/1.png": "x", "dog/2.png": "x"}))
    assert table.column_names == ["image", "label"]
    assert set(table.values("label")) == {"cat", "dog", name}


def test_parts_in_one_folder(tmp_path):
    table = read(fill(tmp_path / "t", {"images/train/cat/1.png": "x", "images/val/cat/2.png": "x"}))
    assert rows(table) == [
        ("images/train/cat/1.png", "cat", "train"),
        ("images/val/cat/2.png", "cat", "val"),
    ]


def test_parts_below_the_classes(tmp_path):
    table = read(
        fill(
            tmp_path / "t", {"cat/train/1.png": "x", "cat/test/2.png": "x", "dog/train/1.png": "x"}
        )
    )
    assert rows(table) == [
        ("cat/test/2.png", "cat", "test"),
        ("cat/train/1.png", "cat", "train"),
        ("dog/train/1.png", "dog", "train"),
    ]


def test_pictures_and_labels_in_folders_of_their_own_are_no_classes(tmp_path):
    root = fill(tmp_path / "t", {"images/train/1.png": "x", "labels/train/1.txt": "0 0.5 0.5"})
    with pytest.raises(
        DataError,
        match=r"^t has train and other parts in each of images, "
        r"labels, with image and text files: these are not cl",
    ):
        read(root)


def test_files_beside_classes_are_announced(tmp_path, capsys):
    root = fill(tmp_path / "t", {"train/cat/1.png": "x", "train/stray.png": "x"})
    assert len(read(root)) == 1
    assert (
        "Warning: t: skipping 1 file outside the folders of the classes, such as train/stray.png."
    ) in capsys.readouterr().err


def test_texts_are_read(tmp_path):
    files = {"neg/1.txt": "无聊的电影", "pos/1.txt": "\ufeffa fine film"}
    table = read(fill(tmp_path / "t", files))
    assert list(table.values("text")) == ["无聊的电影", "a fine film"]


def test_text_that_is_not_utf8(tmp_path):
    root = fill(tmp_path / "t", {"neg/1.txt": b"\xff\xfe\xfa"})
    with pytest.raises(DataError, match=r"^neg/1\.txt needs UTF-8 text\. Save the file"):
        read(root)


def test_nested_files_belong_to_the_class_and_others_are_announced(tmp_path, capsys):
    table = read(
        fill(
            tmp_path / "t",
            {"cat/a/1.png": "x", "cat/notes.md": "x", "cat/.hidden.png": "x", "dog/1.png": "x"},
        )
    )
    assert list(table.values("image")) == ["cat/a/1.png", "dog/1.png"]
    assert (
        "Warning: t: skipping 1 file that cannot be an input (no image, audio, video or text), "
        "such as cat/notes.md."
    ) in capsys.readouterr().err


def test_folder_without_media(tmp_path):
    with pytest.raises(DataError, match=r"^t has no image, sound, video or text in its folders"):
        read(fill(tmp_path / "t", {"cat/1.bin": "x"}))
