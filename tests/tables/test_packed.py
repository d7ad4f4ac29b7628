"""Packed tables are read like plain ones, and what is damaged or too large is refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile

import pytest

from polymodal.core.errors import DataError
from polymodal.tables import bounds
from polymodal.tables.table import read

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
PLAIN = {
    "csv": b"a,b\n1,x\n2,y\n",
    "tsv": b"a\tb\n1\tx\n2\ty\n",
    "jsonl": b'{"a": "1", "b": "x"}\n{"a": "2", "b": "y"}\n',
    "json": b'[{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]',
}


@pytest.fixture
def spare(tmp_path, monkeypatch):
    """The temporary folder, for this test alone."""
    folder = tmp_path / "spare"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("kind", PLAIN)
def test_packed_table_is_read_from_its_folder(tmp_path, spare, kind, packer):
    path = tmp_path / f"t.{kind}.{packer}"
    path.write_bytes(PACKERS[packer](PLAIN[kind]))
    table = read(path)
    assert [table.row(0), table.row(1)] == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
    assert table.name == path.name
    assert table.root == tmp_path
    assert len(list(spare.iterdir())) <= 1  # the rows alone are left on disk


@pytest.mark.parametrize("packer", PACKERS)
def test_parts_that_follow_each_other_are_one_table(tmp_path, packer):
    path = tmp_path / f"t.csv.{packer}"
    path.write_bytes(PACKERS[packer](b"a,b\n1,x\n") + PACKERS[packer](b"2,y\n"))
    assert len(read(path)) == 2


@pytest.mark.parametrize("packer", PACKERS)
def test_damaged_file_is_refused(tmp_path, spare, packer):
    path = tmp_path / f"t.csv.{packer}"
    packed = PACKERS[packer](b"a,b\n" + b"1,x\n" * 1000)
    middle = len(packed) // 2
    flipped = bytes([packed[middle] ^ 0xFF])
    damaged = [
        packed[:-1],
        packed[:middle],
        b"a,b\n1,x\n",
        b"",
        packed[:middle] + flipped + packed[middle + 1 :],
    ]
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(DataError, match=rf"^t\.csv\.{packer} (cannot be unpacked|is empty)"):
            read(path)
    assert not list(spare.iterdir())


@pytest.mark.parametrize("packer", PACKERS)
def test_unpacked_bytes_are_bounded(tmp_path, spare, monkeypatch, packer):
    monkeypatch.setattr(bounds, "_FEW_UNPACKED", 1 << 20)
    monkeypatch.setattr(bounds, "_MOST_RATIO", 1)
    path = tmp_path / f"t.csv.{packer}"
    path.write_bytes(PACKERS[packer](b"a,b\n" + b"1,x\n" * (1 << 20)))
    with pytest.raises(DataError, match=rf"^t\.csv\.{packer} unpacks to more than 1,048,576 bytes"):
        read(path)
    assert not list(spare.iterdir())


def test_xz_that_asks_for_much_memory_is_refused(tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    path = tmp_path / "t.csv.xz"
    path.write_bytes(lzma.compress(b"a,b\n1,x\n", filters=filters))
    with pytest.raises(DataError, match=r"^t\.csv\.xz cannot be unpacked: Memory usage limit"):
        read(path)


def test_errors_name_the_packed_file_and_its_row(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n2\n"))
    with pytest.raises(DataError, match=r"^t\.csv\.gz row 2: needs 2 cells"):
        read(path)
