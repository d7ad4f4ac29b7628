"""Flickr8k and Flickr30k: one caption a line."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.image import read_image
from polymodal.profile.columns import infer_inputs
from polymodal.tables.table import read
from published_sets import write_lines, write_pictures

LINES = (
    "10_a.jpg#0\tA child in a pink dress , climbing .",
    "10_a.jpg#1\tA girl going in .",
    "22_b.jpg#0\tTwo dogs play .",
    '22_b.jpg#1\t"Go" , he says .',
)
CAPTIONS = [
    ["A child in a pink dress , climbing .", "A girl going in ."],
    ["Two dogs play .", '"Go" , he says .'],
]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Flickr8k.token.txt", "Flicker8k_Dataset"),
        ("Flickr8k.token.txt", "../Flicker8k_Dataset"),
        ("results_20130124.token", "flickr30k-images"),
        ("results_20130124.token", "."),
    ],
)
def test_captions_are_gathered_by_picture(tmp_path, name, folder):
    write_pictures(tmp_path / "text" / folder, "10_a.jpg", "22_b.jpg")
    table = read(write_lines(tmp_path / "text" / name, *LINES))
    assert list(table.values("captions")) == CAPTIONS
    assert read_image(table.cell(1, "image"), table.root)[0, 0, 0] == pytest.approx(10, abs=2)
    assert [g.modality for g in infer_inputs(table, "captions")] == ["image"]


@pytest.mark.parametrize("name", ["captions.txt", "captions.csv"])
def test_comma_separated_captions(tmp_path, name):
    write_pictures(tmp_path / "Images", "10_a.jpg", "22_b.jpg")
    lines = [
        '10_a.jpg,"A child in a pink dress , climbing ."',
        "10_a.jpg,A girl going in .",
        "22_b.jpg,Two dogs play .",
        '22_b.jpg,"""Go"" , he says ."',
    ]
    table = read(write_lines(tmp_path / name, "image,caption", *lines))
    assert list(table.values("captions")) == CAPTIONS


def test_captions_between_bars_of_which_one_may_be_missing(tmp_path):
    write_pictures(tmp_path / "flickr30k_images", "10_a.jpg", "22_b.jpg")
    head = "image_name| comment_number| comment"
    lines = (
        "10_a.jpg| 0| A child in a pink dress , climbing .",
        "10_a.jpg| 1   A girl going in .",
        "22_b.jpg| 0| Two dogs play .",
        '22_b.jpg| 1| "Go" , he says .',
    )
    table = read(write_lines(tmp_path / "results.csv", head, *lines))
    assert list(table.values("captions")) == CAPTIONS
    with pytest.raises(
        DataError,
        match=r"results\.csv needs a name, a number and a caption "
        r"between bars \(\|\) in line 3\. Got '22_b\.jpg\| Two dogs'\. Fix",
    ):
        read(write_lines(tmp_path / "results.csv", head, lines[0], "22_b.jpg| Two dogs"))


def test_an_ordinary_csv_stays_one(tmp_path):
    path = write_lines(tmp_path / "a.csv", "image,caption", "a.jpg,hello", "a.jpg,you")
    assert read(path).column_names == ["image", "caption"]
    one_each = write_lines(tmp_path / "captions.csv", "image,caption", "a.jpg,hello", "b.jpg,you")
    assert read(one_each).column_names == ["image", "caption"]


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_pictures(tmp_path, "10_a.jpg", "22_b.jpg")
    path = write_lines(
        tmp_path / "Flickr8k.token.txt", *LINES, "22_b.jpg.1#0\tGone .", "10_a.jpg#2\t "
    )
    assert len(read(path)) == 2
    warnings = capsys.readouterr().err
    assert (
        "1 pictures are missing and are skipped with their captions, such as 22_b.jpg.1."
        in warnings
    )
    assert "1 captions are empty and are skipped, such as 10_a.jpg." in warnings


def test_wrong_lines_and_missing_pictures(tmp_path):
    with pytest.raises(DataError, match=r"names pictures that are not there, such as 10_a"):
        read(write_lines(tmp_path / "a.token", *LINES))
    with pytest.raises(
        DataError,
        match=r"^a\.token needs name\.jpg#0, a tab and a caption in line "
        r"2\. Got 'no caption'\. Fix that line",
    ):
        read(write_lines(tmp_path / "a.token", LINES[0], "no caption"))
    with pytest.raises(DataError, match=r"needs a name, a comma and a caption in line 2"):
        read(write_lines(tmp_path / "a.txt", "image,caption", "no caption"))
    (tmp_path / "b.token").write_bytes(b"10_a.jpg#0\tA ch\xeeld\n")
    with pytest.raises(DataError, match=r"b\.token needs UTF-8 text\. Line 1 is not"):
        read(tmp_path / "b.token")
