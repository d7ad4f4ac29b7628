"""Karpathy's splits."""

from __future__ import annotations

import pytest

from polymodal.core.errors import DataError
from polymodal.media.image import read_image
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.table import read
from published_sets import write_json, write_pictures


def entry(name, split, *captions, **more):
    return {
        **more,
        "filename": name,
        "split": split,
        "imgid": 0,
        "sentids": [],
        "sentences": [{"tokens": text.split(), "raw": text, "imgid": 0} for text in captions],
    }


def test_coco_with_a_folder_for_each_part(tmp_path):
    write_pictures(tmp_path / "coco", "val2014/COCO_9.jpg", "train2014/COCO_5.jpg")
    path = write_json(
        tmp_path / "coco" / "dataset_coco.json",
        {
            "dataset": "coco",
            "images": [
                entry(
                    "COCO_9.jpg",
                    "test",
                    "A man with a red helmet. ",
                    "A man rides.",
                    filepath="val2014",
                ),
                entry("COCO_5.jpg", "restval", "A dog runs.", filepath="train2014"),
            ],
        },
    )
    table = read(path)
    assert [table.row(i) for i in range(2)] == [
        {
            "image": "val2014/COCO_9.jpg",
            "split": "test",
            "captions": ["A man with a red helmet.", "A man rides."],
        },
        {"image": "train2014/COCO_5.jpg", "split": "train", "captions": ["A dog runs."]},
    ]
    assert read_image(table.cell(0, "image"), table.root).shape == (4, 6, 3)
    assert infer_task(table, "captions").task == "seq2seq"


@pytest.mark.parametrize("folder", ["Flicker8k_Dataset", "images", ".", "../Images"])
def test_flickr_in_one_folder(tmp_path, folder, capsys):
    write_pictures(tmp_path / "f" / folder, "a.jpg", "b.jpg", "d.jpg")
    path = write_json(
        tmp_path / "f" / "dataset_flickr8k.json",
        {
            "images": [
                entry("a.jpg", "train", "Black dog."),
                entry("b.jpg", "val", "A child."),
                entry("c.jpg", "val", "Gone."),
                entry("d.jpg", "val"),
            ],
            "dataset": "flickr8k",
        },
    )
    table = read(path)
    assert list(table.values("split")) == ["train", "val", "val"]
    assert list(table.values("captions")) == [["Black dog."], ["A child."], None]
    warnings = capsys.readouterr().err
    assert "1 pictures are missing and are skipped with their captions, such as c." in warnings
    assert "1 pictures have no captions, such as d.jpg." in warnings


def test_wrong_entries_and_missing_pictures(tmp_path):
    path = write_json(tmp_path / "a.json", {"images": [entry("a.jpg", "train", "x")]})
    with pytest.raises(DataError, match=r"^a\.json names pictures that are not there, such as a"):
        read(path)
    broken = {"filename": "b.jpg", "split": "train", "sentences": [{"tokens": []}]}
    write_json(path, {"images": [entry("a.jpg", "train", "x"), broken]})
    with pytest.raises(DataError, match=r'with "raw" in images\[1\]\. Got KeyError: .* Fix that'):
        read(path)
