"""Which rows are held out where nobody says how: those that a column of the table marks."""

from __future__ import annotations

import pytest

from polymodal.core.errors import RecipeError
from polymodal.tables.table import read
from polymodal.training.preparing.held_out import held_out
from polymodal.training.preparing.prepare import _same

pytestmark = pytest.mark.engine

PARTS = ["train"] * 20 + ["dev"] * 4 + ["test"] * 6


def table(parts=PARTS, **more):
    return read(
        {"x": list(range(len(parts))), "y": ["a", "b"] * (len(parts) // 2), "part": parts, **more}
    )


def cut(tables, method=None, group=None):
    """Returns {part: values of x} as rows are held out."""
    found = held_out(tables, "y", method, group, 0)
    return {name: list(part.table.values("x")) for name, part in found.items()}


def test_a_column_that_names_the_parts_is_used(capsys):
    assert cut({"train": table()}) == {
        "train": [*range(20)],
        "val": [*range(20, 24)],
        "test": [*range(24, 30)],
    }
    assert capsys.readouterr().err == (
        'Using the split in column "part": 20 train, 4 val, 6 test. '
        "To split all rows at random instead: --split stratified.\n"
    )


def test_asked_for_rows_are_held_out_by_chance(capsys):
    found = cut({"train": table()}, "stratified")
    assert sorted([*found["train"], *found["val"]]) == [*range(30)]
    assert "part" not in capsys.readouterr().err


@pytest.mark.parametrize("parts", [["train"] * 30, [*PARTS[1:], "extra"]])
def test_a_column_that_does_not_cut_changes_nothing(parts):
    assert cut({"train": table(parts)}) == cut({"train": table(parts)}, "stratified")


def test_columns_that_might_have_named_the_parts_are_told_of(capsys):
    assert "test" not in cut({"train": table([*PARTS[1:], None])})
    assert (
        'Column "part" says train, val or test, but is empty in 1 row, so it is not used. '
        "Fill every cell to have it used."
    ) in capsys.readouterr().err
    assert "test" not in cut({"train": table(other=PARTS[::-1])})
    assert (
        'Columns "part" and "other" say train, val or test. None of them is used. '
        "To use one: --split part."
    ) in capsys.readouterr().err


def test_where_it_names_no_validation_rows_they_are_held_out_of_train(capsys):
    found = cut({"train": table([name.replace("dev", "train") for name in PARTS])})
    assert sorted([*found["train"], *found["val"]]) == [*range(24)]
    assert found["test"] == [*range(24, 30)]
    assert "of 24 rows for validation (stratified). Choose them" in capsys.readouterr().err


def test_tables_that_are_given_take_the_place_of_its_rows(capsys):
    own = read({"x": [99], "y": ["a"]})
    assert cut({"train": table(), "val": own}) == {
        "train": [*range(20)],
        "val": [99],
        "test": [*range(24, 30)],
    }
    assert (
        "Its val rows are not used, because --val gives a table. "
        "To train on all rows of --data: --split none."
    ) in capsys.readouterr().err
    assert cut({"train": table(), "val": own}, "part")["train"] == [*range(20)]
    assert cut({"train": table(), "val": own}, "none") == {"train": [*range(30)], "val": [99]}
    assert cut({"train": table(), "test": own})["test"] == [99]


def test_a_group_is_not_torn_by_it(capsys):
    apart = [f"s{i // 2}" for i in range(30)]
    assert cut({"train": table(group=apart)}, group="group")["test"] == [*range(24, 30)]
    assert "To split all rows at random instead: --split grouped." in capsys.readouterr().err
    torn = [f"s{i % 5}" for i in range(30)]
    assert "test" not in cut({"train": table(group=torn)}, group="group")
    assert (
        'but is not used: some values of "group" would be on both sides of the split. '
        "To use it anyway: --split part."
    ) in capsys.readouterr().err


def test_a_column_that_is_asked_for_must_leave_something_to_score_on():
    with pytest.raises(RecipeError, match='Column "part" says train for every row'):
        cut({"train": table(["train"] * 30)}, "part")


def test_tables_of_two_folders_are_two_tables(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "one")
    one, again, link, other = (
        read({"image": ["0.png"]}, name="t.csv", media_root=tmp_path / name)
        for name in ("one", "one", "link", "other")
    )
    assert _same(one, again)
    assert _same(one, link)
    assert not _same(one, other)
