"""CSV: every cell as text, and a message with row and fix for whatever cannot be read."""

from __future__ import annotations

import time

import pytest

from polymodal.core.errors import DataError
from polymodal.tables.delimited import dialect
from polymodal.tables.delimited import read as delimited
from polymodal.tables.table import read


def write(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_cells_are_texts_and_empty_ones_none(tmp_path):
    table = read(write(tmp_path, "a,b\n1,x\n, \n2.50,NA\n"))
    assert [list(table.values(c)) for c in "ab"] == [["1", None, "2.50"], ["x", None, "NA"]]
    assert [table.cell(i, "a") for i in range(3)] == ["1", None, "2.50"]


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    table = read(write(tmp_path, b"\xef\xbb\xbfname,age\nAnn,3\n"))
    assert table.row(0) == {"name": "Ann", "age": "3"}


def test_quoted_commas_quotes_and_line_breaks(tmp_path):
    table = read(write(tmp_path, 'a,b\n"one, two","line 1\nline 2"\n"he said ""no""",x\n'))
    assert table.row(0) == {"a": "one, two", "b": "line 1\nline 2"}
    assert table.cell(1, "a") == 'he said "no"'


def test_quoted_line_break_in_the_header(tmp_path):
    table = read(write(tmp_path, '"a\nb",c\n1,2\n'))
    assert table.row(0) == {"a\nb": "1", "c": "2"}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_of_all_systems(tmp_path, ending):
    table = read(write(tmp_path, ending.join(["a,b", "1,2", "3,4", ""])))
    assert list(table.values("b")) == ["2", "4"]


def test_blank_lines_are_no_rows(tmp_path):
    table = read(write(tmp_path, "\n\na,b\n\n1,2\n\n3,4\n\n"))
    assert list(table.values("a")) == ["1", "3"]


def test_chinese_text(tmp_path):
    table = read(write(tmp_path, "文本,标签\n左边有一个红色的圆,对\n"))
    assert table.row(0) == {"文本": "左边有一个红色的圆", "标签": "对"}


def test_unnamed_index_column_gets_a_name(tmp_path):
    table = read(write(tmp_path, ",text\n0,hello\n"))
    assert table.column_names == ["unnamed_1", "text"]


def test_ragged_row_names_its_number_and_the_fix(tmp_path):
    path = write(tmp_path, 'a,b\n1,"x\ny"\n\n2,3,4\n')
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == (
        "t.csv row 2: needs 2 cells, as many as the header. Got 3: '2,3,4'. Add or remove cells, "
        'and put texts that contain the delimiter, a quote or a line break between quotes ("").'
    )
    assert error.value.reason == "ragged"


def test_long_ragged_row_is_cut_in_the_message(tmp_path):
    with pytest.raises(DataError, match=r"x\.\.\.'"):
        read(write(tmp_path, "a,b\n" + "x" * 500 + "\n"))


def test_bytes_that_are_not_utf8_name_the_line_and_the_fix(tmp_path):
    path = write(tmp_path, b"a,b\n1,2\n" + "3,红".encode("gb18030") + b"\n")
    with pytest.raises(
        DataError,
        match=r"t\.csv needs UTF-8 text\. Got the byte 0xba in line 3\. "
        r"Save the file as UTF-8, for example: iconv -f gb18030",
    ):
        read(path)


def test_header_that_is_not_utf8(tmp_path):
    with pytest.raises(DataError, match="in line 1"):
        read(write(tmp_path, "größe,b\n1,2\n".encode("latin-1")))


def test_utf16_is_named(tmp_path):
    with pytest.raises(DataError, match=r"t\.csv is written in UTF-16\. Save it as UTF-8\."):
        read(write(tmp_path, "a,b\n1,2\n".encode("utf-16")))


def test_duplicate_column_names(tmp_path):
    with pytest.raises(DataError, match=r"more than one column named b\. Give each column a name"):
        read(write(tmp_path, "a,b,b\n1,2,3\n"))


@pytest.mark.parametrize(
    "content",
    [
        "a;b\n1,5;2\n",
        "\ufeffa;b\r\n1,5;2\r\n",
        "a\tb\n1,5\t2\n",
        "a|b\n1,5|2\n",
        "sep=;\na;b\n1,5;2\n",
        '\ufeff"sep=;"\r\na;b\r\n1,5;2\r\n',
        'sep=,\na,b\n"1,5",2\n',
        "SEP=\t\na\tb\n1,5\t2\n",
        'a;"b"\n"1,5";2\n',
    ],
)
def test_header_and_rows_tell_the_delimiter(tmp_path, content):
    assert read(write(tmp_path, content)).row(0) == {"a": "1,5", "b": "2"}


def test_names_and_texts_may_hold_other_delimiters(tmp_path):
    table = read(write(tmp_path, "id;price, EUR;note\n1;2,5;a, b\n2;3,5;c\n"))
    assert table.row(1) == {"id": "2", "price, EUR": "3,5", "note": "c"}
    table = read(write(tmp_path, "a,b; c\n1,x; y\n"))
    assert table.row(0) == {"a": "1", "b; c": "x; y"}
    table = read(write(tmp_path, "text\nfirst; second\nthird\n"))
    assert list(table.values("text")) == ["first; second", "third"]


def test_row_of_another_delimiter_is_ragged(tmp_path):
    with pytest.raises(DataError, match=r"row 2: needs 2 cells, as many as the header. Got 1: "):
        read(write(tmp_path, "a;b\n1;2\n3,4\n"))


def test_quotes_behind_backslashes_are_quotes(tmp_path):
    content = (
        'size,note,label\n1,"she said \\"hi, there\\"",dog\n2,"C:\\\\new\\alpha",cat\n'
        '3,"a ""b"" \\"c\\"\\\nd",x\n4,plain,"\\"\n'
    )
    with pytest.raises(DataError, match=r'has a quote \("\) in line'):  # the last is never closed
        read(write(tmp_path, content))
    table = read(write(tmp_path, content.replace('"\\"\n', '"\\""\n')))
    assert [table.row(i)["note"] for i in range(4)] == [
        'she said "hi, there"',
        "C:\\new\\alpha",
        'a "b" "c"\nd',
        "plain",
    ]
    assert list(table.values("label")) == ["dog", "cat", "x", '"']


def test_missing_cells_of_mysql_are_empty(tmp_path):
    table = read(write(tmp_path, 'a,b\n"say \\"hi\\"",\\N\n\\N,"2"\n'))
    assert [table.row(i) for i in range(2)] == [{"a": 'say "hi"', "b": None}, {"a": None, "b": "2"}]


def test_too_many_columns(tmp_path):
    with pytest.raises(DataError, match=r"^t\.csv has 60,000 columns, and a table "):
        read(write(tmp_path, ",".join(f"c{i}" for i in range(60_000)) + "\n"))


def test_backslashes_of_other_files_stay(tmp_path):
    table = read(write(tmp_path, 'a,b\n"C:\\dir\\",x\n"say \\""hi\\""",y\n\\"q,z\n'))
    assert list(table.values("a")) == ["C:\\dir\\", 'say \\"hi\\"', '\\"q']


@pytest.mark.parametrize("cell", ['"she said "hi" to me"', '"abc"d', '"a "b", c"', '"x" y'])
def test_quote_inside_a_quoted_cell_is_refused(tmp_path, cell):
    with pytest.raises(
        DataError,
        match=r'^t\.csv has a quote \("\) in line 2 that is not closed '
        r"at the end of its cell\. Put the whole cell between ",
    ):
        read(write(tmp_path, f"a,b\n{cell},x\n2,3\n"))


def test_quotes_in_cells_that_are_not_quoted(tmp_path):
    table = read(write(tmp_path, 'a,b\n5" tv,a "b" c\n"x" ,y\n'))
    assert table.row(0) == {"a": '5" tv', "b": 'a "b" c'}
    assert table.cell(1, "a") == "x "


def test_zero_bytes_are_named(tmp_path):
    with pytest.raises(DataError, match=r"^t\.csv has zero bytes, as UTF-16 or a binary file"):
        read(write(tmp_path, "a,b\n1,2\n".encode("utf-16-le")))


def test_header_without_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(dialect, "_MAX_HEADER_BYTES", 1 << 20)
    with pytest.raises(DataError, match=r"^t\.csv has a header of more than 1 MiB\. Look for a "):
        read(write(tmp_path, "x," * (1 << 20)))


def test_time_of_many_columns_grows_with_them_alone(tmp_path):
    names = [f"column {i}" for i in range(20_000)]
    path = write(tmp_path, ",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n")
    before = time.process_time()
    table = read(path)
    assert table.row(0)["column 19999"] == "1"
    assert table.select([0]).row(0) == table.row(0)
    assert table.fingerprint
    assert time.process_time() - before < 5  # some hundred times more where it is quadratic


@pytest.mark.parametrize(
    ("rows", "lines"),
    [('4,"abc\n5,6\n7,8\n', "line 3 to 5"), ('4,"abc\n5,6\n7,"xy"\n8,9\n', "line 3 to 5")],
)
def test_stray_quote_does_not_swallow_rows(tmp_path, rows, lines):
    path = write(tmp_path, "a,b\n1,2\n" + rows)
    with pytest.raises(
        DataError,
        match=rf'^t\.csv has a quote \("\) in {lines} that is not closed '
        r"at the end of its cell\. Put the whole cell between",
    ):
        read(path)


def test_quotes_and_line_breaks_in_one_cell_are_fine(tmp_path):
    table = read(write(tmp_path, 'a,b\n1,"x ""y""\nz"\n2,3\n'))
    assert list(table.values("b")) == ['x "y"\nz', "3"]


def test_last_cell_with_a_closed_line_break_is_fine(tmp_path):
    assert read(write(tmp_path, 'a,b\n1,"x\ny"\n')).cell(0, "b") == "x\ny"


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_file(tmp_path, content):
    with pytest.raises(DataError, match=r"t\.csv is empty\. Write a header"):
        read(write(tmp_path, content))


def test_header_without_rows(tmp_path):
    with pytest.raises(DataError, match=r"t\.csv has no rows\. Add rows\."):
        read(write(tmp_path, "a,b\n"))


def test_rows_longer_than_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1000)
    rows = [f"{i},{'x' * (5000 if i == 40 else 20)}" for i in range(80)]
    table = read(write(tmp_path, "\n".join(["a,b", *rows])))
    assert list(table.values("a")) == [str(i) for i in range(80)]
    assert len(table.cell(40, "b")) == 5000


def test_row_longer_than_every_block(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(delimited, "_MAX_BLOCK_BYTES", 1000)
    with pytest.raises(DataError, match=r"has a row longer .* Look for a quote"):
        read(write(tmp_path, "a,b\n1,2\n" + "x" * 5000 + ",3\n1,2\n"))


def test_name_that_the_caller_gives_is_shown(tmp_path):
    with pytest.raises(DataError, match=r"^mine row 1: needs"):
        read(write(tmp_path, "a,b\n1\n"), name="mine")
