"""What stands in two parts of a split is said."""

from __future__ import annotations

from polymodal.profile.columns import InputGuess
from polymodal.splits.leaks import leaks
from polymodal.tables.table import read


def guess(column, modality):
    return InputGuess(column, modality, [column], "")


def test_same_file_under_two_spellings_of_its_path(tmp_path):
    tables = {
        "train": read({"f": ["a/1.png", "2.png", None]}, media_root=tmp_path),
        "val": read({"f": [None, "x.png", "./1.png"]}, media_root=tmp_path / "a"),
    }
    assert leaks(tables, [guess("f", "image")]) == [
        '"f": 1 of 3 rows of val have a file that is also in train, such as row 3 (row 1 of '
        "train). "
        "Scores on val will be too optimistic."
    ]


def test_same_bytes_and_same_part_of_a_tar():
    cells = {"path": "a.tar", "offset": 512, "size": 9}
    tables = {
        "train": read([{"b": b"12", "t": cells, "h": {"bytes": b"q", "path": "1"}}]),
        "val": read([{"b": b"12", "t": cells, "h": {"bytes": b"q", "path": "2"}}]),
        "test": read(
            [{"b": b"13", "t": {**cells, "offset": 0}, "h": {"bytes": b"r", "path": "1"}}]
        ),
    }
    inputs = [guess("b", "audio"), guess("t", "image"), guess("h", "image")]
    assert [warning[:24] for warning in leaks(tables, inputs)] == [
        '"b": 1 of 1 rows of val ',
        '"t": 1 of 1 rows of val ',
        '"h": 1 of 1 rows of val ',
    ]


def test_parts_of_a_recording_are_the_same_only_as_a_whole():
    def table(*times, **cell):
        keys = ("start_seconds", "end_seconds")
        return read([{"a": {**cell, **dict(zip(keys, part, strict=True))}} for part in times])

    for cell in ({"path": "a.wav"}, {"bytes": b"12"}):
        train, val = table((0.0, 2.0), (2.0, 4.5), **cell), table((4.5, 6.0), (2.0, 4.5), **cell)
        assert (
            "1 of 2 rows of val have a file that is also in train, such as row 2 (row 2 of"
            in (leaks({"train": train, "val": val}, [guess("a", "audio")])[0])
        )
        assert (
            leaks({"train": train, "val": table((4.5, None), **cell)}, [guess("a", "audio")]) == []
        )


def test_a_part_from_the_start_to_the_end_is_the_file():
    tables = {
        "train": read([{"a": {"path": "a.wav", "start_seconds": 0.0, "end_seconds": None}}]),
        "val": read([{"a": {"path": "./a.wav"}}]),
    }
    assert len(leaks(tables, [guess("a", "audio")])) == 1


def test_same_text_but_for_case_and_spaces():
    tables = {"train": read({"t": ["Ein  Satz", "b"]}), "val": read({"t": ["ein satz ", "c"]})}
    assert len(leaks(tables, [guess("t", "text")])) == 1


def test_texts_of_steps_are_compared_row_by_row():
    tables = {"train": read({"t": ["So it is", "b", "c"]}), "val": read({"t": ["d", "so it is"]})}
    [warning] = leaks(tables, [guess("t", "texts")])
    assert "1 of 2 rows of val have a text that is also in train, such as row 2 (row" in warning


def test_texts_that_repeat_anyway_are_said_to():
    tables = {
        "train": read({"t": ["is it red?", "is it blue?"] * 9}),
        "val": read({"t": ["is it red?"]}),
    }
    assert leaks(tables, [guess("t", "text")])[0].endswith(
        "The column also repeats itself inside train, so this may be intended."
    )


def test_files_that_repeat_are_to_be_grouped():
    tables = {"train": read({"f": ["1.png", "2.png"] * 9}), "val": read({"f": ["1.png"]})}
    assert leaks(tables, [guess("f", "image")])[0].endswith(
        "--split-group f keeps them apart in rows held out of --data."
    )


def test_numbers_and_categories_may_repeat():
    tables = {"train": read({"n": [1]}), "val": read({"n": [1]})}
    assert leaks(tables, [guess("n", "tabular")]) == []


def test_row_numbers_are_those_of_the_file():
    table = read({"t": ["one", "two", "three", "two"]})
    tables = {"train": table.select([0, 1]), "val": table.select([2, 3])}
    assert "such as row 4 (row 2 of train)" in leaks(tables, [guess("t", "text")])[0]


def test_real_parts_share_no_files(shared_data):
    tables = {n: read(shared_data / "av_digits" / f"{n}.csv") for n in ("train", "val", "test")}
    assert leaks(tables, [guess("image", "image"), guess("audio", "audio")]) == []


def test_a_column_that_two_inputs_read_is_named_once():
    tables = {"train": read({"f": ["1.mp4"]}), "val": read({"f": ["1.mp4"]})}
    assert len(leaks(tables, [guess("f", "video"), guess("f", "audio")])) == 1
