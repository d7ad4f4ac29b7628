"""Files that are no table as they are: the message says how they become one."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polymodal.core.errors import DataError
from polymodal.tables.table import read


def archive():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


def parquet():
    content = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", archive(), r"^t\.xlsx is a spreadsheet\. Save it as CSV in UTF-8, one file per"),
        ("t.XLS", b"\xd0\xcf\x11\xe0", r"is a spreadsheet\. Save it as CSV in UTF-8"),
        ("t.ods", archive(), r"is a spreadsheet\. Save it as CSV in UTF-8"),
        (
            "t.csv",
            archive(),
            r"^t\.csv is a spreadsheet or an archive under another name\. Save it ",
        ),
        ("t.gz", gzip.compress(b"a\n1\n"), r"is compressed\. Unpack it first: gunzip -k t\.gz"),
        ("t.tar.gz", gzip.compress(b""), r"Unpack it first: gunzip -k t\.tar\.gz"),
        ("t.csv", gzip.compress(b"a\n1\n"), r"is compressed\. Unpack it first: gunzip < t\.csv > "),
        (
            "t.csv",
            parquet(),
            r"is a Parquet file under another name\. Rename it to end in \.parquet",
        ),
        ("t.zip", archive(), r"is an archive\. Unpack it first: unzip t\.zip"),
        ("t.feather", b"", r"is a table of Arrow\. Write it as Parquet, such as with pandas"),
        ("t.pkl", b"", r"is a pickle, which could run any program\. Write the table as Parquet"),
        (
            "t.json",
            b'{"a": {"0": 1}}',
            r"needs one list of objects, or .* Got no list of objects\. "
            r"Write one JSON object per line into a \.jsonl file ",
        ),
        ("t.json", b"[1, 2]", r"Got no list of objects"),
        (
            "t.txt",
            b"just a text\n",
            r"t\.txt has an ending that no format has\. Formats: .* Write ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # an archive holds the time
def test_the_message_says_what_to_do(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.txt", "a\tb\n1\tx\n"),
        ("t.txt", "a;b\n1;x\n"),
        ("t.json", '[{"a": "1", "b": "x"}]'),
        ("t.json", '{"info": {"v": 1}, "data": [{"a": "1", "b": "x"}]}'),
        ("t.json", '{"a": "1", "b": "x"}\n{"a": "2"}\n'),
    ],
)
def test_other_endings_that_are_read(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert read(tmp_path / name).row(0) == {"a": "1", "b": "x"}


def test_lists_of_json_keep_types_and_name_what_is_no_row(tmp_path):
    path = tmp_path / "t.json"
    path.write_text('[{"a": 1, "v": [1, 2]}, {"a": 2.5, "t": {"u": true}}]')
    assert read(path).row(1) == {"a": 2.5, "v": None, "t": {"u": True}}
    path.write_text('[{"a": 1}, 3]')
    with pytest.raises(DataError, match=r"^t\.json needs a list of objects\. Entry 2 is int\."):
        read(path)
    path.write_text('[{"a": 1}, {"a": "x"}]')
    with pytest.raises(DataError, match=r'column "a" has values of more than one type'):
        read(path)


def test_folder_of_tables_names_them(tmp_path):
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("a\n1\n")
    with pytest.raises(
        DataError,
        match=r"is a folder of tables: test\.csv, train\.csv\. Name one "
        r"of them, such as .*/train\.csv\.",
    ):
        read(tmp_path)


@pytest.mark.parametrize("name", ["t.p", "t.pck", "t.joblib", "t.csv", "t.dat", "t", "t.txt"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_is_told_by_its_ending_or_its_first_bytes(tmp_path, name, protocol):
    (tmp_path / name).write_bytes(pickle.dumps({"a": [1]}, protocol))
    with pytest.raises(DataError, match="is a pickle, which could run any program"):
        read(tmp_path / name)


def test_what_the_message_says_makes_a_table_of_a_pickle(tmp_path, monkeypatch):
    held = {"text": ["a b", "c d"], "vision": np.ones((2, 3, 4)), "label": np.array([1.5, -2.0])}
    (tmp_path / "mosi.pkl").write_bytes(pickle.dumps(held))
    with pytest.raises(DataError) as raised:
        read(tmp_path)
    first, then = re.search(r"Python: d = (.*), then (.*), for each", str(raised.value)).groups()
    monkeypatch.chdir(tmp_path)
    d = eval(first)
    eval(then, {"d": d, "pyarrow": pa})
    table = read(tmp_path / "table.parquet")
    assert table.row(1) == {"text": "c d", "vision": np.ones((3, 4)).tolist(), "label": -2.0}
    (tmp_path / "mosi.pt").write_bytes(archive())
    with pytest.raises(
        DataError, match=r"is a pickle of PyTorch, .*torch\.load\('mosi\.pt', weights"
    ):
        read(tmp_path / "mosi.pt")
