"""The table: cells, selections, added columns, sources in memory, and rows that stay on disk."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from polymodal.core.errors import DataError, RecipeError
from polymodal.media.audio import read_audio
from polymodal.media.image import read_image
from polymodal.profile.columns import judge_columns
from polymodal.tables.table import read

ROWS = {"x": [10, 20, 30, 40], "t": ["a", " ", "c", None]}


def test_cells_rows_and_values():
    table = read(ROWS, name="mine")
    assert len(table) == 4
    assert table.column_names == ["x", "t"]
    assert table.row(1) == {"x": 20, "t": None}
    assert list(table.values("t")) == ["a", None, "c", None]
    assert repr(table) == "Table('mine', 4 rows, columns ['x', 't'])"


def test_selection_keeps_order_and_row_numbers():
    part = read(ROWS).select([3, 0, 0])
    assert list(part.values("x")) == [40, 10, 10]
    assert part.row_ids.tolist() == [3, 0, 0]
    assert part.row_number(0) == 4
    again = part.select(np.array([False, True, False]))
    assert (again.row(0), again.row_number(0)) == ({"x": 10, "t": "a"}, 1)
    assert read(ROWS).row_ids is None


def test_selection_takes_four_bytes_a_row():
    part = read({"x": list(range(1000))}).select(range(500))
    assert part.row_ids.nbytes == 4 * 500


def test_added_column_follows_selections():
    table = read(ROWS).select([2, 3]).with_column("new", ["p", "q"]).with_column("x", [[1.0], []])
    part = table.select([1])
    assert part.column_names == ["x", "t", "new"]
    assert part.row(0) == {"x": [], "t": None, "new": "q"}
    assert part.data.to_pydict() == {"x": [[]], "t": [None], "new": ["q"]}


@given(st.lists(st.integers(0, 3), max_size=8), st.randoms())
def test_data_of_a_selection_equals_its_cells(rows, random):
    table = read(ROWS).select(rows)
    expected = [ROWS["x"][row] for row in rows]
    assert table.data.column("x").to_pylist() == list(table.values("x")) == expected


def test_wrong_length_column_and_row_are_refused():
    table = read(ROWS, name="mine")
    with pytest.raises(
        DataError,
        match=r'^mine: column "n" needs 4 values, one a row\. Got 1\. '
        r"Give one value for each row\.",
    ):
        table.with_column("n", [1])
    with pytest.raises(RecipeError, match=r'mine: No column named "y"\. Columns: x, t\.'):
        table.cell(0, "y")
    with pytest.raises(IndexError, match=r"mine has 4 rows\. Got row index 4\."):
        table.cell(4, "x")
    with pytest.raises(IndexError, match=r"Got row indices from -1 to 2\."):
        table.select([-1, 2])


def test_memory_sources_agree():
    as_rows = [{"x": x, "t": t} for x, t in zip(ROWS["x"], ROWS["t"], strict=True)]
    for source in (ROWS, as_rows, pandas.DataFrame(ROWS), pa.table(ROWS), read(ROWS)):
        table = read(source)
        assert [table.row(i) for i in range(4)] == [read(ROWS).row(i) for i in range(4)]


def test_rows_with_different_keys_and_numpy_values():
    table = read([{"v": np.zeros(2), "p": Path("a/b.png")}, {"s": np.ones((2, 1))}])
    assert table.row(0) == {"v": [0.0, 0.0], "p": "a/b.png", "s": None}
    assert table.row(1) == {"v": None, "p": None, "s": [[1.0], [1.0]]}
    assert read({"m": np.eye(2)}).cell(1, "m") == [0.0, 1.0]


def test_missing_numbers_of_pandas_are_none():
    frame = pandas.DataFrame({"n": [1.5, float("nan")], "t": ["a", float("nan")]})
    assert read(frame).row(1) == {"n": None, "t": None}


def test_columns_of_any_kind_are_columns():
    x = np.array([0.5, 1.5, 2.5])
    for column in (
        x,
        pandas.Series(x),
        pandas.Series(x, index=[7, 8, 9]),
        tuple(x),
        pa.array(x),
        pa.chunked_array([x[:1], x[1:]]),
        x.astype("float16"),
        pandas.Index(x),
    ):
        table = read({"x": column, "y": ["a", "b", "c"]})
        assert list(table.values("x")) == [0.5, 1.5, 2.5]
    table = read(
        {
            "n": range(2),
            "c": pandas.Categorical(["u", "v"]),
            "b": np.array([True, False]),
            "m": np.eye(2),
            "s": pandas.array([1, None], dtype="Int64"),
        }
    )
    assert table.row(1) == {"n": 1, "c": "v", "b": False, "m": [0.0, 1.0], "s": None}


def test_a_dict_with_single_values_is_one_row():
    row = {
        "image": "a.png",
        "age": np.int64(3),
        "v": [1.0, 2.0],
        "n": None,
        "path": Path("b.wav"),
        "scalar": np.array(2.5),
    }
    table = read(row)
    assert len(table) == 1
    assert table.row(0) == {**row, "path": "b.wav", "age": 3, "scalar": 2.5}


def test_other_tables_in_memory():
    frame = pandas.DataFrame({"x": [1, 2], 5: ["a", "b"]})
    assert read(frame).row(1) == {"x": 2, "5": "b"}
    batch = pa.RecordBatch.from_pydict({"x": [1, 2]})
    assert (
        len(read(batch)) == len(read(pa.RecordBatchReader.from_batches(batch.schema, [batch]))) == 2
    )

    class Dataset:  # as Hugging Face's
        column_names = ("x",)

        def __getitem__(self, name):
            return {"x": [1, 2]}[name]

        def to_dict(self):
            return {"x": [1, 2]}

    assert list(read(Dataset()).values("x")) == [1, 2]
    with pytest.raises(
        RecipeError,
        match=r"read needs one table\. Got a dict of tables: train, "
        r"test\. Give one of them, such as train\.",
    ):
        read({"train": frame, "test": Dataset()})
    frame.columns = ["x", "x"]
    with pytest.raises(DataError, match=r"has more than one column named x\."):
        read(frame)


def test_pictures_and_sounds_in_memory_become_files():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (12, 16, 3), np.uint8)
    table = read(
        {
            "image": [picture, picture[..., :1], picture[..., 0], None],
            "video": [np.stack([picture] * 2)] * 3 + [None],
            "y": [0, 1, 0, 1],
            "pil": [Image.fromarray(picture)] * 3 + [None],
            "sound": [{"array": np.linspace(-1, 1, 80), "sampling_rate": 8000, "path": None}] * 4,
        }
    )
    assert (read_image(table.cell(0, "image"), None) == picture).all()
    assert (read_image(table.cell(2, "image"), None)[..., 0] == picture[..., 0]).all()
    assert read_audio(table.cell(0, "sound"), None, sample_rate=8000).shape[0] == 80
    kinds = {g.name: g.modality for g in judge_columns(table, "y").inputs}
    assert kinds["image"] == "image"
    stacked = read({"image": np.stack([picture] * 5), "y": range(5)})
    assert len(stacked) == 5
    assert isinstance(stacked.cell(0, "image"), bytes)


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 5, 3)), np.zeros((3, 4, 5), np.uint8), np.zeros((2, 2, 4, 5, 3), np.uint8)],
)
def test_arrays_that_are_no_picture_are_refused(array):
    with pytest.raises(
        DataError,
        match=r'^column "image" has an array of shape .*\. Give a '
        r"picture as uint8 \(height, width, channels\), a video",
    ):
        read({"image": [array, array]})


def test_memory_sources_that_are_no_table():
    with pytest.raises(RecipeError, match=r"read needs a path, a dict of columns, .* Got int\. "):
        read(3)
    with pytest.raises(DataError, match=r"table needs columns of one length\. Got \{'a': 1, "):
        read({"a": [1], "b": [1, 2]})
    with pytest.raises(DataError, match=r"column \"a\" has values that are no column: .* Use"):
        read({"a": [1, "x"]})
    for nothing in ({"a": []}, [], {}):
        with pytest.raises(DataError, match=r"table has no rows"):
            read(nothing)


def test_unknown_files_and_formats(tmp_path):
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "data.xyz").write_text("x")
    with pytest.raises(
        DataError,
        match=r"trian\.csv does not exist\. Check the path\. "
        r'Did you mean "train\.csv"\?',
    ):
        read(tmp_path / "trian.csv")
    with pytest.raises(DataError, match=r"does not exist: its folder is missing\. Check the path"):
        read(tmp_path / "no" / "train.csv")
    with pytest.raises(
        DataError,
        match=r"data\.xyz has an ending that no format has\. Formats: "
        r"class_folder, .*csv, .*jsonl, .*webdataset",
    ):
        read(tmp_path / "data.xyz")
    with pytest.raises(RecipeError, match=r'No format named "cvs"\. .* Did you mean "csv"\?'):
        read(tmp_path / "train.csv", format="cvs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty is a folder without tables, tars or a folder for"):
        read(tmp_path / "empty")


def test_root_is_the_folder_of_the_file_unless_given(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert read(tmp_path / "t.csv").root == tmp_path
    assert read(tmp_path / "t.csv", media_root="/media").root == Path("/media")
    assert read(str(tmp_path / "t.csv"), name="n").name == "n"


def test_working_folder_is_called_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "pets" / "cat" / "1.png").write_text("x")
    monkeypatch.chdir(tmp_path / "pets")
    assert read(".").name == "pets"
    monkeypatch.chdir("cat")
    assert read("..").name == "pets"


def write_rows(path, num_rows):
    lines = (f"image/{i:07d}.png,some text of row {i},c{i % 10}\n" for i in range(num_rows))
    path.write_text("image,text,label\n" + "".join(lines))
    return path


def test_rows_stay_on_disk(tmp_path):
    few, many = write_rows(tmp_path / "1.csv", 1000), write_rows(tmp_path / "2.csv", 300_000)
    script = """
import sys
from polymodal.tables.table import read
def anonymous():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous"))
warm_up = read(sys.argv[1]); warm_up.cell(5, "text"); before = anonymous()
table = read(sys.argv[2])
total = sum(len(table.cell(row, "text")) for row in range(len(table)))
print(anonymous() - before)
"""
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("needs Linux to tell memory of files from other memory")
    done = subprocess.run(
        [sys.executable, "-c", script, few, many], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) / 300_000 < 30  # a few blocks of reading, and nothing for each row


def test_temporary_file_goes_with_the_last_table(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    table = read(write_rows(tmp_path / "t.csv", 10))
    part = table.select([1])
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    del table
    assert part.cell(0, "label") == "c1"
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    del part
    assert not list((tmp_path / "tmp").iterdir())


def test_file_that_a_killed_process_left_is_swept(tmp_path):
    path = write_rows(tmp_path / "t.csv", 10)
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    script = (
        "import os, sys; from polymodal.tables.table import read; table = read(sys.argv[1]); "
        "print(len(os.listdir(os.environ['TMPDIR']))); sys.stdout.flush(); "
    )
    kill = "os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script + kill, path], env=environment, check=False)
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "1"
    assert not list((tmp_path / "tmp").iterdir())


def test_a_copy_for_another_process_is_small_and_equal(tmp_path):
    table = read(write_rows(tmp_path / "t.csv", 5000))
    for original in (table, table.select([7, 3]).with_column("new", [1, 2])):
        content = pickle.dumps(original)
        assert len(content) < 2000
        copy = pickle.loads(content)
        assert copy.row(1) == original.row(1)
        assert copy.fingerprint == original.fingerprint
        del copy
        assert original.row(0)


def test_fingerprint_follows_content_order_and_names(tmp_path):
    path = write_rows(tmp_path / "t.csv", 100)
    table = read(path)
    assert read(path).fingerprint == table.fingerprint
    others = [
        table.select([1, 0]),
        table.select([0, 1]),
        table.with_column("n", [0] * 100),
        read({"a": [1]}),
        read({"b": [1]}),
        read({"a": [2]}),
    ]
    assert len({other.fingerprint for other in [table, *others]}) == 7


def test_full_disk_is_said(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pa.ipc, "new_file", full)
    with pytest.raises(DataError, match=r"the disk is full\. Make room, or set TMPDIR to a folder"):
        read(write_rows(tmp_path / "t.csv", 10))
