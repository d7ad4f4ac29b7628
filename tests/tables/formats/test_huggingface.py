"""Hugging Face datasets on disk, read without their package."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from polymodal.core.errors import DataError
from polymodal.tables.table import read

LABEL = {"names": ["cat", "dog"], "_type": "ClassLabel"}


def save(folder, parts, features, state=None):
    folder.mkdir()
    names = [f"data-{i:05d}-of-{len(parts):05d}.arrow" for i in range(len(parts))]
    for name, table in zip(names, parts, strict=True):
        with (
            pa.OSFile(str(folder / name), "wb") as sink,
            pa.ipc.new_stream(sink, table.schema) as writer,
        ):
            writer.write_table(table, max_chunksize=2)
    state = {"_data_files": [{"filename": name} for name in names]} | (state or {})
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features}))
    return folder


def test_class_numbers_become_names(tmp_path):
    parts = [
        pa.table({"x": [1, 2, 3], "y": pa.array([0, 1, -1])}),
        pa.table({"x": [4], "y": pa.array([None], pa.int64())}),
    ]
    table = read(save(tmp_path / "d", parts, {"y": LABEL}))
    assert list(table.values("y")) == ["cat", "dog", None, None]
    assert [table.cell(i, "y") for i in range(4)] == ["cat", "dog", None, None]
    assert list(table.values("x")) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "feature",
    [{"feature": LABEL, "_type": "List"}, {"feature": LABEL, "_type": "Sequence"}, [LABEL]],
)
def test_lists_of_class_numbers(tmp_path, feature):
    part = pa.table({"y": pa.array([[0, 1], None, [], [1]], pa.list_(pa.int64()))})
    table = read(save(tmp_path / "d", [part], {"y": feature}))
    assert list(table.values("y")) == [["cat", "dog"], None, [], ["dog"]]


def test_media_cells(tmp_path):
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = [{"bytes": b"\x89PNG", "path": "a.png"}, {"bytes": None, "path": None}, None]
    part = pa.table({"image": pa.array(cells, struct)})
    table = read(save(tmp_path / "d", [part], {"image": {"_type": "Image"}}))
    assert list(table.values("image")) == [cells[0], None, None]
    assert table.root == tmp_path / "d"


def test_dataset_dict_names_its_splits(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    with pytest.raises(
        DataError,
        match=r"^d contains more than one table: train, test\. Name one "
        r"of them: d/train\.",
    ):
        read(tmp_path / "d")


def test_saved_indices_are_refused(tmp_path):
    folder = save(
        tmp_path / "d",
        [pa.table({"x": [1]})],
        {},
        {"_indices_data_files": [{"filename": "indices.arrow"}]},
    )
    with pytest.raises(DataError, match=r"saved without its rows .* Call flatten_indices\(\)"):
        read(folder)


def test_missing_and_damaged_files(tmp_path):
    folder = save(tmp_path / "d", [pa.table({"x": [1]})], {})
    part = next(folder.glob("*.arrow"))
    part.write_bytes(b"junk")
    with pytest.raises(DataError, match=r"d/data-.*arrow is not a readable Arrow file"):
        read(folder)
    part.unlink()
    with pytest.raises(DataError, match=r"d/data-.*arrow is missing\. Save the dataset again"):
        read(folder)
    (folder / "dataset_info.json").unlink()
    (folder / "state.json").write_text("{}")
    with pytest.raises(DataError, match=r"d/state\.json lists no data files"):
        read(folder)
    (folder / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"d/state\.json is not valid JSON"):
        read(folder)


def test_missing_info(tmp_path):
    folder = save(tmp_path / "d", [pa.table({"x": [1]})], {})
    (folder / "dataset_info.json").unlink()
    with pytest.raises(DataError, match=r"d/dataset_info\.json is missing"):
        read(folder)


def test_data_files_stay_inside_the_folder(tmp_path):
    folder = save(tmp_path / "d", [pa.table({"x": [1]})], {})
    (folder / "state.json").write_text('{"_data_files": [{"filename": "../x.arrow"}]}')
    with pytest.raises(DataError, match="is missing"):
        read(folder)


def test_class_number_without_a_name(tmp_path):
    folder = save(tmp_path / "d", [pa.table({"y": [0, 5]})], {"y": LABEL})
    with pytest.raises(DataError, match=r'column "y" has class 5, but there are only 2 classes'):
        read(folder)


def test_what_the_package_itself_saves(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    features = datasets.Features(
        {
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "many": datasets.Sequence(datasets.ClassLabel(names=["u", "v"])),
            "grid": datasets.Array2D((2, 2), "float32"),
        }
    )
    saved = datasets.Dataset.from_dict(
        {"label": [0, 1], "many": [[0], [1, 0]], "grid": [[[1, 2], [3, 4]]] * 2}, features
    )
    saved.save_to_disk(tmp_path / "d")
    table = read(tmp_path / "d")
    assert table.row(1) == {"label": "dog", "many": ["v", "u"], "grid": [[1.0, 2.0], [3.0, 4.0]]}


@pytest.mark.parametrize(
    "state",
    [
        '{"_data_files": [{"file": "a"}]}',
        '{"_data_files": 3}',
        '{"_data_files": [1, {"filename": "a.arrow"}]}',
    ],
)
def test_state_that_names_no_files(tmp_path, state):
    (tmp_path / "state.json").write_text(state)
    with pytest.raises(DataError, match=r"state\.json lists no data files\. Save the dataset"):
        read(tmp_path)


def test_places_outside_of_the_file_are_refused(tmp_path):
    texts = pa.StringArray.from_buffers(
        2, pa.py_buffer(np.array([0, 1 << 20, 2], np.int32)), pa.py_buffer(b"ab")
    )
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, pa.schema([("t", pa.string())])) as writer,
    ):
        writer.write_batch(pa.RecordBatch.from_arrays([texts], ["t"]))
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "a.arrow"}]}')
    (tmp_path / "dataset_info.json").write_text("{}")
    with pytest.raises(DataError, match=r"a\.arrow is not a readable Arrow file: "):
        read(tmp_path)
