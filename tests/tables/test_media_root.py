"""Published sets whose files lie elsewhere are found by `media_root`."""

from __future__ import annotations

import json

import pytest

from polymodal.core.errors import DataError
from polymodal.media.audio import read_audio
from polymodal.media.image import read_image
from polymodal.tables.table import read
from published_sets import write_json, write_lines, write_pictures, write_tones

CONVERSATION = [
    {"from": "human", "value": "<image>\nWhat is it?"},
    {"from": "gpt", "value": "Grey"},
]


def coco(folder):
    return write_json(
        folder / "captions_val2017.json",
        {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"id": 1, "image_id": 1, "caption": "Grey"}],
        },
    )


def karpathy(folder):
    return write_json(
        folder / "dataset_flickr8k.json",
        {"images": [{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "Grey"}]}]},
    )


def flickr(folder):
    return write_lines(folder / "results.token", "a.jpg#0\tGrey")


def llava(folder):
    return write_json(
        folder / "llava.json", [{"id": "1", "image": "a.jpg", "conversations": CONVERSATION}]
    )


@pytest.mark.parametrize("write", [coco, karpathy, flickr, llava])
@pytest.mark.parametrize("inner", [".", "images"])
def test_pictures(tmp_path, write, inner):
    path = write(tmp_path / "tables")
    write_pictures(tmp_path / "elsewhere" / inner, "a.jpg")
    table = read(path, media_root=str(tmp_path / "elsewhere"))
    assert read_image(table.cell(0, "image"), table.root).shape == (4, 6, 3)
    with pytest.raises(DataError, match=r"Looked in .*tables under .*name it with --media-root"):
        read(path)


def test_nothing_above_the_media_root_is_looked_at(tmp_path):
    path = coco(tmp_path / "tables")
    write_pictures(tmp_path / "images", "a.jpg")
    assert len(read(path)) == 1
    with pytest.raises(DataError, match=r"Looked in .*inner under val2017, images/val2017, "):
        read(path, media_root=tmp_path / "inner")


def common_voice(folder):
    write_tones(folder / "clips", "other.mp3")
    line = "\t".join(("client_id", "path", "sentence"))
    for name in ("train", "dev", "test"):
        write_lines(folder / f"{name}.tsv", line, "c1\ta.mp3\tOne")
    return "."


def ljspeech(folder):
    write_lines(folder / "metadata.csv", "a|One|One")
    folder.joinpath("wavs").mkdir()
    return "."


def librispeech(folder):
    write_lines(folder / "19/198/19-198.trans.txt", "a ONE")
    return "19/198"


@pytest.mark.parametrize(
    ("write", "file"),
    [
        (common_voice, "a.mp3"),
        (common_voice, "clips/a.mp3"),
        (ljspeech, "a.wav"),
        (ljspeech, "wavs/a.wav"),
        (librispeech, "a.flac"),
    ],
)
def test_recordings(tmp_path, write, file):
    place = write(tmp_path / "tables")
    write_tones(tmp_path / "elsewhere" / place, file)
    table = read(tmp_path / "tables", media_root=tmp_path / "elsewhere")
    assert table.cell(0, "transcript").casefold() == "one"
    assert len(read_audio(table.cell(0, "audio"), table.root)) >= 3200


def test_cells_of_other_formats_start_from_the_media_root(tmp_path):
    path = write_lines(tmp_path / "t.jsonl", json.dumps({"image": "a.jpg"}))
    write_pictures(tmp_path / "elsewhere", "a.jpg")
    table = read(path, media_root=tmp_path / "elsewhere")
    assert read_image(table.cell(0, "image"), table.root).shape == (4, 6, 3)
