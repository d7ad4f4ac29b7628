"""Parquet: native types, lists, bytes and dictionaries."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polymodal.core.errors import DataError
from polymodal.data.table import read


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
    assert table.row(0) == {"v": [1.0, 2.0], "s": [[1.0], [2.0]], "fixed": [1, 2], "n": None,
                            "b": b"\x89PNG", "c": "x", "holes": [1.0, None]}
    assert table.row(1) == {"v": None, "s": [], "fixed": [3, 4], "n": 2.0, "b": None, "c": "y",
                            "holes": [2.0, 3.0]}
    for name in table.column_names:
        assert list(table.values(name)) == [table.cell(0, name), table.cell(1, name)]


def test_several_row_groups(tmp_path):
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "t.parquet", row_group_size=7)
    table = read(tmp_path / "t.parquet")
    assert [table.cell(i, "a") for i in (0, 6, 7, 999)] == [0, 6, 7, 999]


def test_file_of_another_kind(tmp_path):
    (tmp_path / "t.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"^t\.parquet is no readable Parquet file: .* Write it "):
        read(tmp_path / "t.parquet")


def test_damaged_pages(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [f"text {i}" for i in range(10_000)]}), path,
                   compression="zstd", use_dictionary=False)
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
