"""Paths in cells, however the program that wrote the table spelt them."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.cells import open_cell
from polymodal.media.identity import pack_key
from polymodal.media.image import read_image
from polymodal.profile.columns import infer_inputs
from polymodal.tables.located import located
from polymodal.tables.table import read
from published_sets import write_json, write_pictures


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write_pictures(tmp_path / "im", "00.jpg", "my cat.jpg")
    write_pictures(tmp_path / "home", "a.jpg")
    (tmp_path / "im" / "00.jpg").rename(tmp_path / "im" / "00.png")
    return tmp_path


SPELLINGS = [
    "im/00.png",
    " im/00.png ",
    r"im\00.png",
    r".\im\00.png",
    r" im\00.png",
    "im/my%20cat.jpg",
    "~/a.jpg",
    " ~/a.jpg",
    "FILE://{root}/im/00.png",
    " file://{root}/im/my%20cat.jpg",
    "file://localhost{root}/im/00.png",
    r"im\my cat.jpg",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_each_spelling_finds_its_file(root, text):
    text = text.replace("{root}", str(root))
    assert read_image(text, root).shape == (4, 6, 3)
    table = read({"pic": [text, "im/my cat.jpg", text], "y": [0, 1, 0]}, media_root=root)
    assert [(g.name, g.modality) for g in infer_inputs(table, "y")] == [("pic", "image")]


def test_the_very_name_comes_first(root):
    write_pictures(root, " a.jpg", "b%20c.jpg", "b c.jpg", r"im\00.png")
    assert located(" a.jpg", root).name == " a.jpg"
    assert located("b%20c.jpg", root).name == "b%20c.jpg"
    assert located(r"im\00.png", root) == root / r"im\00.png"


def test_spellings_of_one_file_share_its_identity(root):
    keys = []
    for _ in range(2):
        table = read({"pic": [" im/00.png "]}, media_root=root)
        keys.append(pack_key({}, table, "pic", [0]))
        (root / "im" / "00.png").write_bytes(b"changed")
    assert keys[0] != keys[1]


def test_missing_files_show_spaces_and_drives(root):
    with pytest.raises(DataError, match=r"^' im/9\.png ' does not exist\. Looked in .*--media-"):
        open_cell(" im/9.png ", root)
    with pytest.raises(
        DataError,
        match=r"^C:.data.9\.png does not exist\. Only Windows has such "
        r"paths\. Write paths from one folder, such as im/00",
    ):
        open_cell(r"C:\data\9.png", root)
    with pytest.raises(DataError, match=r"is an address on a network"):
        open_cell(" https://example.org/a.png", root)


def test_files_without_an_ending_are_read_for_their_kind(root):
    write_pictures(root / "im", *(f"{i}.jpg" for i in range(9)))
    for i in range(9):
        (root / "im" / f"{i}.jpg").rename(root / "im" / str(i))
    table = read({"pic": [f"im/{i}" for i in range(9)], "y": [0, 1, 0] * 3}, media_root=root)
    assert [(g.name, g.modality) for g in infer_inputs(table, "y")] == [("pic", "image")]
    (root / "im" / "4").write_text("a text")
    assert infer_inputs(table, "y") == []


def test_published_sets_of_other_systems(root):
    path = write_json(
        root / "captions_train.json",
        {
            "images": [{"id": 1, "file_name": r"im\00.png"}, {"id": 2, "file_name": "im/00.png "}],
            "annotations": [{"id": 1, "image_id": i, "caption": "Grey"} for i in (1, 2)],
        },
    )
    assert list(read(path).values("image")) == ["im/00.png", "im/00.png"]
