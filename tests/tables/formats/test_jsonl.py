"""JSONL: native types, nested lists, and types that show only late in the file."""

from __future__ import annotations

import json
import time

import pytest

from polymodal.core.errors import DataError
from polymodal.tables.formats import jsonl
from polymodal.tables.table import read


def write(folder, rows):
    path = folder / "t.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_types_are_kept_and_missing_keys_are_none(tmp_path):
    table = read(write(tmp_path, [{"a": 1, "b": "红"}, {"a": 2.5}, {"c": True, "b": " "}]))
    assert table.row(0) == {"a": 1, "b": "红", "c": None}
    assert table.row(1) == {"a": 2.5, "b": None, "c": None}
    assert table.row(2) == {"a": None, "b": None, "c": True}


def test_vectors_and_sequences(tmp_path):
    table = read(
        write(
            tmp_path,
            [
                {"v": [1, 2.5], "s": [[1, 2], [3, 4]]},
                {"v": [], "s": []},
                {"v": None, "s": [[0, 0.5]]},
            ],
        )
    )
    assert list(table.values("v")) == [[1.0, 2.5], [], None]
    assert [table.cell(i, "s") for i in range(3)] == [[[1.0, 2.0], [3.0, 4.0]], [], [[0.0, 0.5]]]


def test_types_that_show_only_in_a_later_block(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 16)
    rows = [{"a": None, "l": []}, {"a": 1, "l": [1]}, {"a": 1.5, "l": [0.5]}, {"b": {"x": 1}}]
    table = read(write(tmp_path, rows))
    assert list(table.values("a")) == [None, 1.0, 1.5, None]
    assert list(table.values("l")) == [[], [1.0], [0.5], None]
    assert table.cell(3, "b") == {"x": 1}


def test_texts_that_look_like_times_stay_texts(tmp_path):
    table = read(write(tmp_path, [{"t": "2020-01-01 10:00:00"}, {"t": "2020-01-02"}]))
    assert list(table.values("t")) == ["2020-01-01 10:00:00", "2020-01-02"]


def test_byte_order_mark_and_blank_lines(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\n')
    assert list(read(path).values("a")) == [1, 2]


def test_line_that_is_no_json(tmp_path):
    with pytest.raises(
        DataError,
        match=r"^t\.jsonl needs one JSON object per line\. Line 2 is "
        r"not one: .*\. Fix that line\.",
    ):
        read(write(tmp_path, [{"a": 1}, '{"a": 2', {"a": 3}]))


def test_line_that_is_no_object(tmp_path):
    with pytest.raises(DataError, match=r"Line 2 has list\. Write \{\"column\": value"):
        read(write(tmp_path, [{"a": 1}, "[1, 2]"]))


def test_mixed_types_name_row_and_column(tmp_path):
    with pytest.raises(
        DataError,
        match=r'^t\.jsonl row 3: column "a" has a string, and a number '
        r"in rows before it\. Write one type in the whole column",
    ):
        read(write(tmp_path, [{"a": 1}, {"a": 2}, {"a": "three"}]))


def test_mixed_types_in_different_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 4)
    with pytest.raises(
        DataError,
        match=r'column "a" has values of type int64 in some rows and '
        r"string in others\. Write one type",
    ):
        read(write(tmp_path, [{"a": 1}, {"a": "three"}]))


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": "x"}\n{"a": "\xff"}\n')
    with pytest.raises(DataError, match=r"needs UTF-8 text\. Line 2 is not\. Save the file as"):
        read(path)


def test_key_given_twice(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read: .*specified twice.* Fix the file"):
        read(write(tmp_path, ['{"a": 1, "a": 2}']))


def test_empty_file(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("\n")
    with pytest.raises(DataError, match=r"has no rows"):
        read(path)


@pytest.mark.parametrize("depth", [40, 500, 10_000, 200_000])
def test_deep_lists_are_refused_before_a_parser_recurses(tmp_path, depth):
    deep = '{"a": "]]]", "b": ' + "[" * depth + "]" * depth + "}"
    with pytest.raises(
        DataError,
        match=r"^t\.jsonl has lists or objects nested more than 32 "
        r"levels deep in line 2\. Write flatter values: numbers, ",
    ):
        read(write(tmp_path, [{"a": "x"}, deep]))
    with pytest.raises(DataError, match=r"in line 2\. "):  # also where the brackets never close
        read(write(tmp_path, [{"a": "x"}, '{"b": ' + "[" * depth]))


def test_brackets_in_texts_are_not_deep(tmp_path):
    text = '[{\\" ' * 5000
    table = read(write(tmp_path, [{"a": text, "s": [[1, 2]] * 100}] * 3))
    assert list(table.values("a")) == [text] * 3


def test_line_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 16)
    with pytest.raises(DataError, match=r"^t\.jsonl has more than 128 MiB in line 2\. Write one"):
        read(write(tmp_path, [{"a": "x"}, {"a": "x" * 2000}]))


def test_few_lines_at_a_time_are_all_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_FEW_LINES", 2)
    monkeypatch.setattr(jsonl, "_BLOCK_CELLS", 6)
    rows = [{"a": i, "b": None if i % 2 else "x"} for i in range(11)]
    assert list(read(write(tmp_path, rows)).values("a")) == list(range(11))
    path = write(tmp_path, [*rows, "", "", "", "x"])
    with pytest.raises(DataError, match=r"Line 15 is not"):
        read(path)


def test_new_keys_in_each_row_do_not_fill_memory(tmp_path):
    path = write(tmp_path, [{f"k{i}": 1} for i in range(6000)])
    with pytest.raises(
        DataError,
        match=r"^t\.jsonl has 5,120 different keys in its first 5,120 "
        r"rows\. Use the same keys in all rows, or put them into",
    ):
        read(path)


def test_wide_rows(tmp_path):
    row = {f"column {i}": i for i in range(20_000)}
    before = time.process_time()
    assert read(write(tmp_path, [row])).row(0) == row
    assert time.process_time() - before < 5
