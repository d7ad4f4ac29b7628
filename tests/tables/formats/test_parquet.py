"""Parquet: native types, lists, bytes and dictionaries."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polymodal.core.errors import DataError
from polymodal.tables import bounds
from polymodal.tables.formats import parquet
from polymodal.tables.table import read


def test_native_types(tmp_path):
    columns = {
        "v": pa.array([[1.0, 2.0], None], pa.list_(pa.float32())),
        "s": pa.array([[[1.0], [2.0]], []], pa.list_(pa.list_(pa.float32()))),
        "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2)),
        "n": pa.array([float("nan"), 2.0]),
        "b": pa.array([b"\x89PNG", None]),
        "c": pa.array(["x", "y"]).dictionary_encode(),
        "holes": pa.array([[1.0, None], [2.0, 3.0]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = read(tmp_path / "t.parquet")
    assert table.row(0) == {
        "v": [1.0, 2.0],
        "s": [[1.0], [2.0]],
        "fixed": [1, 2],
        "n": None,
        "b": b"\x89PNG",
        "c": "x",
        "holes": [1.0, None],
    }
    assert table.row(1) == {
        "v": None,
        "s": [],
        "fixed": [3, 4],
        "n": 2.0,
        "b": None,
        "c": "y",
        "holes": [2.0, 3.0],
    }
    for name in table.column_names:
        assert list(table.values(name)) == [table.cell(0, name), table.cell(1, name)]


def test_several_row_groups(tmp_path):
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "t.parquet", row_group_size=7)
    table = read(tmp_path / "t.parquet")
    assert [table.cell(i, "a") for i in (0, 6, 7, 999)] == [0, 6, 7, 999]


def test_file_of_another_kind(tmp_path):
    (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"^t\.parquet is not a readable Parquet file: .* Write "):
        read(tmp_path / "t.parquet")


def test_damaged_pages(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"a": [f"text {i}" for i in range(10_000)]}),
        path,
        compression="zstd",
        use_dictionary=False,
    )
    content = bytearray(path.read_bytes())
    content[200:2000] = b"\x07" * 1800
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"t\.parquet is damaged: .* Write it again"):
        read(path)


def test_real_features(shared_data):
    table = read(shared_data / "mosi" / "val.parquet")
    assert len(table) == 380
    assert len(table.cell(5, "text_features")) == 100
    assert isinstance(table.cell(0, "position"), int)


def peak(path):
    script = (
        "import resource, sys\nfrom polymodal.tables.table import read\n"
        "from polymodal.core.errors import DataError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    print(len(read(sys.argv[1]).cell(0, 'a')))\n"
        "except DataError as error:\n    print(error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    shown, peak_mib = done.stdout.strip().split("\n")
    return shown, int(peak_mib)


def test_one_long_value_in_many_rows_takes_the_memory_of_few(tmp_path):
    value = "x" * (8 << 20)
    table = pa.table(
        {"a": pa.DictionaryArray.from_arrays(pa.array([0] * 60), [value]), "b": list(range(60))}
    )
    schema = pa.schema([("a", pa.string()), ("b", pa.int64())])
    with pq.ParquetWriter(
        tmp_path / "t.parquet",
        table.schema,
        compression="zstd",
        store_schema=False,
        dictionary_pagesize_limit=1 << 30,
    ) as writer:
        writer.write_table(table)
    assert pq.read_schema(tmp_path / "t.parquet") == schema
    shown, peak_mib = peak(tmp_path / "t.parquet")
    assert shown == str(8 << 20)
    assert peak_mib < 400  # of 480 MiB of cells


def test_file_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "_FEW_UNPACKED", 1 << 20)
    monkeypatch.setattr(bounds, "_MOST_RATIO", 10)
    pq.write_table(pa.table({"a": ["x" * 1000] * 5000}), tmp_path / "t.parquet", compression="zstd")
    with pytest.raises(DataError, match=r"^t\.parquet unpacks to more than 1,048,576 bytes\."):
        read(tmp_path / "t.parquet")


def test_values_of_dictionaries_come_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_BATCH_BYTES", 1000)
    rows = {
        "a": [None if i % 7 == 0 else f"word {i % 5}" * 9 for i in range(300)],
        "b": [b"x" * (i % 3) for i in range(300)],
        "l": [[f"w{i % 2}"] * 2 for i in range(300)],
    }
    pq.write_table(pa.table(rows), tmp_path / "t.parquet", row_group_size=100)
    table = read(tmp_path / "t.parquet")
    assert [list(table.values(c)) for c in "abl"] == [rows[c] for c in "abl"]


def test_deep_lists_are_refused(tmp_path):
    kind = pa.int64()
    for _ in range(40):
        kind = pa.list_(kind)
    pq.write_table(pa.table({"a": pa.array([None], kind)}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"lists nested more than 32 levels deep\. Write fewer"):
        read(tmp_path / "t.parquet")


def test_texts_that_are_not_utf8(tmp_path):
    texts = pa.StringArray.from_buffers(
        1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"a\xff")
    )
    pq.write_table(pa.table({"a": texts}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"^t\.parquet is damaged: .*UTF.?8"):
        read(tmp_path / "t.parquet")
