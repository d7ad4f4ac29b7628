"""COCO captions: picture records and annotations in one JSON file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.media.image import read_image
from polymodal.profile.columns import infer_inputs
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.formats import _json_items
from polymodal.tables.formats._json_items import json_items
from polymodal.tables.table import read
from published_sets import write_json, write_pictures

PICTURES = [
    {"license": 4, "file_name": f"{i:012d}.jpg", "height": 4, "width": 6, "id": i}
    for i in (9, 25, 30)
]


def note(picture, text, number=0):
    return {"image_id": picture, "id": number, "caption": text}


NOTES = [
    note(25, "A giraffe eats leaves from a tree."),
    note(9, "Boxes of food on a table.\n"),
    note(25, "Two animals stand in a field."),
    note(30, "A vase of flowers on a table."),
]


def coco(path, images=PICTURES, annotations=NOTES):
    return write_json(
        path,
        {
            "info": {"year": 2017},
            "licenses": [{"id": 4, "name": "x"}],
            "images": images,
            "annotations": annotations,
        },
    )


@pytest.mark.parametrize("folder", ["train2017", "images/train2017", "images", "."])
@pytest.mark.parametrize("above", ["", "annotations/"])
def test_captions_are_gathered_beside_their_picture(tmp_path, folder, above):
    write_pictures(tmp_path / folder, *(p["file_name"] for p in PICTURES))
    table = read(coco(tmp_path / above / "captions_train2017.json"))
    assert table.column_names == ["image", "captions", "image_id"]
    assert list(table.values("captions")) == [
        ["Boxes of food on a table."],
        ["A giraffe eats leaves from a tree.", "Two animals stand in a field."],
        ["A vase of flowers on a table."],
    ]
    assert list(table.values("image_id")) == [9, 25, 30]
    assert [read_image(cell, table.root).shape for cell in table.values("image")] == [(4, 6, 3)] * 3


def test_pictures_and_captions_are_understood(tmp_path):
    write_pictures(tmp_path / "train2017", *(p["file_name"] for p in PICTURES))
    table = read(coco(tmp_path / "captions_train2017.json"))
    assert [(g.name, g.modality) for g in infer_inputs(table, "captions")] == [("image", "image")]
    assert infer_task(table, "captions").task == "seq2seq"


def test_what_has_no_counterpart_is_counted(tmp_path, capsys):
    write_pictures(tmp_path / "val2017", "000000000009.jpg", "000000000030.jpg")
    notes = [NOTES[1], note(25, "of a missing file"), note(77, "of nothing"), note(9, " ")]
    table = read(coco(tmp_path / "captions_val2017.json", annotations=notes))
    assert list(table.values("captions")) == [["Boxes of food on a table."], None]
    warnings = capsys.readouterr().err
    for text in (
        "1 pictures are missing and are skipped with their captions, such as 000000000025.jpg.",
        "1 pictures have no captions, such as 000000000030.jpg.",
        "1 annotations have no caption and are skipped, such as annotations[3].",
        "1 captions belong to no picture and are skipped, such as 'of nothing' of image_id 77.",
    ):
        assert f"Warning: captions_val2017.json: {text}" in warnings


def test_pictures_to_caption_need_no_annotations(tmp_path):
    write_pictures(tmp_path / "test2017", *(p["file_name"] for p in PICTURES))
    path = write_json(tmp_path / "image_info_test2017.json", {"images": PICTURES})
    assert list(read(path).values("captions")) == [None] * 3


def test_missing_folder_of_pictures(tmp_path):
    with pytest.raises(
        DataError,
        match=r"captions_train2017\.json names pictures that are not "
        r"there, such as 000000000009\.jpg\. Looked in .* under train2017, images/"
        r"train2017, .*Put the folder of pictures, or a link to it",
    ):
        read(coco(tmp_path / "captions_train2017.json"))


def test_boxes_are_no_captions(tmp_path):
    boxes = [{"image_id": 9, "bbox": [0, 0, 1, 1]}]
    with pytest.raises(DataError, match=r"needs annotations with captions.*starts with captions_"):
        read(coco(tmp_path / "instances_train2017.json", annotations=boxes))


@pytest.mark.parametrize(
    ("images", "notes", "message"),
    [
        ([{"id": "9", "file_name": "a.jpg"}], [], r'a whole number "id" in images\[0\]'),
        ([PICTURES[0], PICTURES[0]], [], r"an id of its own and a file_name in images\[1\]"),
        (PICTURES, [{"image_id": None}], r'a whole number "image_id" in annotations\[0\]'),
    ],
)
def test_entries_that_are_wrong_are_named(tmp_path, images, notes, message):
    with pytest.raises(DataError, match=message):
        read(coco(tmp_path / "captions_a.json", images, notes))


def test_malformed_json_names_the_line(tmp_path):
    path = coco(tmp_path / "captions_a.json")
    path.write_text(path.read_text().replace('"annotations"', '\n"annotations"')[:-30])
    with pytest.raises(
        DataError,
        match=r"^captions_a\.json is not valid JSON: line 2, character "
        r"\d+: .*Fix that line, or download the file again",
    ):
        read(path)
    path.write_bytes(b'{"images": [{"file_name": "\xff"}]}')
    with pytest.raises(DataError, match="needs UTF-8 text"):
        read(path)


@pytest.mark.parametrize(
    "text", ['{"a": 1}', "[1, 2]", '{"a": [{}], "b": [{}]}', "{}", '{"images": []}']
)
def test_json_of_another_layout(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a\.json needs one list of objects.*\.jsonl file"):
        read(tmp_path / "a.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=4), JSON, max_size=4),
    st.sampled_from([None, 1]),
    st.integers(1, 9),
)
def test_items_are_those_of_the_lists_whatever_the_block(tmp_path_factory, value, indent, block):
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    before, _json_items._BLOCK_CHARACTERS = _json_items._BLOCK_CHARACTERS, block
    try:
        found = list(json_items(path))
    finally:
        _json_items._BLOCK_CHARACTERS = before
    assert found == [
        (key, item) for key, items in value.items() if isinstance(items, list) for item in items
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, character 1: expecting {"),
        ("[1,\n 2", "line 2, character 3: expecting , or ]"),
        ("[1] 2", "line 1, character 5: more text"),
        ('{"a" 1}', "line 1, character 6: expecting :"),
        ("{1: 2}", "line 1, character 2: expecting a name in quotes"),
        ("[1,\n\nx]", "line 3, character 1: expecting value"),
        ("[" * 9000, "more than 32 levels deep"),
        (f'{{"images": [{"[" * 40 + "]" * 40}]}}', "more than 32 levels deep"),
    ],
)
def test_the_place_of_an_error_is_exact(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError) as caught:
        list(json_items(tmp_path / "a.json"))
    assert message in str(caught.value)
