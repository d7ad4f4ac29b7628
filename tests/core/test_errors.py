from __future__ import annotations

import pickle

import pytest

from polymodal.core.errors import BundleError, DataError, cell_error


def test_message_names_table_row_column_and_path():
    error = DataError("has 0 samples.", "Fix the file.", column="audio", path="a.wav")
    assert str(error) == 'column "audio" (a.wav) has 0 samples. Fix the file.'
    assert str(error.at(table="train.csv", row=412, column="other")) == (
        'train.csv row 412: column "audio" (a.wav) has 0 samples. Fix the file.'
    )


def test_error_survives_a_process_border():
    error = DataError("is empty.", "Fill it.", table="t.csv", row=1, reason="empty")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.reason) == (str(error), "empty")


def test_what_a_parser_raises_becomes_an_error_of_its_cell():
    error = cell_error(OverflowError("too large\nto convert"), table="t.csv", row=3, column="a")
    assert str(error) == (
        't.csv row 3: column "a" cannot be read (OverflowError: too large). '
        "Fix the cell, or run with --skip-bad."
    )
    assert error.reason == "unreadable_cell"
    assert "(MemoryError)" in str(cell_error(MemoryError()))
    located = DataError("is empty.", column="b")
    assert cell_error(located, row=2, column="a") is located
    assert (located.row, located.column) == (2, "b")
    with pytest.raises(BundleError):
        cell_error(BundleError("is about no cell"))


def test_a_file_by_itself_has_a_fix_without_a_table():
    for fix, alone in (
        ("Fix the file, or run with --skip-bad.", "Fix the file."),
        ("Shrink the picture, or raise max_pixels.", "Shrink the picture."),
        ("Looked in x. Correct the path or --media-root.", "Looked in x. Correct the path."),
    ):
        error = DataError("is bad.", fix, table="t.csv", row=3, column="a", path="a.wav")
        assert str(error.by_file()) == f"a.wav is bad. {alone}"
        assert str(error.by_file(rows=True)) == f"a.wav is bad. {fix}"


def test_names_in_a_message_stay_on_its_line_and_command_nothing():
    error = DataError("is broken.", table="a\nb.csv", row=1, column="\x1b[31m", path="x\u202ey.png")
    assert str(error) == 'a\\nb.csv row 1: column "\\x1b[31m" (x\\u202ey.png) is broken.'
