"""How cells are read is told by the table, written into the recipe, and changed by options."""

from __future__ import annotations

import datetime
import re
import shlex

import pyarrow as pa
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.feed.samples import Samples, Source
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.recipe.written.given import override
from polymodal.tables.table import read

ROWS = 60
PLAIN = [round(row * 37.25 % 5000, 2) for row in range(ROWS)]
LABELS = ["yes", "no"] * (ROWS // 2)
EUROS = [f"{n:,.2f} €".translate(str.maketrans(",.", ".,")) for n in PLAIN]


def inferred(*settings, target="y", **columns):
    return infer(read({"y": LABELS, **columns}), override({"target": target}, list(settings)))


def options_in(text):
    """Returns the settings that a text offers after --set."""
    return [shlex.split(found)[0] for found in re.findall(r"--set ('[^']*'|\S+)", text)]


def tabular(found):
    return found.values["inputs"]["tabular"]


def decoded(found, table, column):
    """Returns the column of a table as a recipe reads it."""
    recipe = from_dict(found.values)
    inputs = assemble.build_inputs(recipe)
    samples = Samples(table, [Source(i.name, i.modality, i.columns) for i in inputs])
    rows = (samples.decode(samples.sources[0], row) for row in range(len(table)))
    return [row and row[column] for row in rows]


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        ([f"{n:,.2f}" for n in PLAIN], {"x": {"thousands": ","}}),
        ([f"${n}" for n in PLAIN], {"x": {"unit": "$"}}),
        ([f"{n}%" for n in PLAIN], {"x": {"unit": "%"}}),
        (EUROS, {"x": {"decimal": ",", "thousands": ".", "unit": "€"}}),
        (["-", "?", "#N/A", *map(str, PLAIN[3:])], None),
    ],
)
def test_a_column_of_numbers_is_one(cells, columns):
    found = inferred(x=cells)
    assert tabular(found)["numbers"] == ["x"]
    assert found.values.get("columns") == columns
    read_back = decoded(found, read({"x": cells, "y": LABELS}), "x")
    assert read_back[3:] == pytest.approx(PLAIN[3:])
    assert infer(read({"x": cells, "y": LABELS}), found.values).values == found.values


def test_plain_tables_work_with_a_recipe_of_marked_ones():
    found = inferred(x=EUROS)
    for cells in (PLAIN, [str(n) for n in PLAIN]):
        assert decoded(found, read({"x": cells}), "x") == pytest.approx(PLAIN)


def test_another_unit_names_its_row():
    found = inferred(x=EUROS)
    with pytest.raises(DataError, match=r'table row 2: column "x" needs a number in "€"'):
        decoded(found, read({"x": ["5 €", "5 $"]}), "x")


def test_words_among_numbers_are_missing_values():
    found = inferred(x=["not asked", *map(str, PLAIN[1:])])
    assert found.values["columns"] == {"x": {"missing": ["not asked"]}}
    assert any(
        '59 of 60 cells are numbers; others such as "not asked" are not and are missing' in reason
        for reason in found.reasons
    )


def test_what_could_be_a_number_is_left_out_with_options_that_work():
    cells = ["90+", "<5", *map(str, PLAIN[2:])]
    found = inferred(x=cells, z=PLAIN)
    reason = next(r for r in found.reasons if r.startswith("column x: "))
    assert '58 of 60 cells are numbers; others such as "90+" and "<5" are not' in reason
    assert tabular(found)["columns"] == ["z"]
    offered = options_in(reason)
    assert offered == [
        "columns.x.kind=number",
        'columns.x.missing=["90+", "<5"]',
        "columns.x.kind=category",
    ]
    kinds = ["numbers", "numbers", "categories"]
    for setting, kind in zip(offered, kinds, strict=True):
        assert "x" in tabular(inferred(setting, x=cells, z=PLAIN))[kind]


def test_the_only_column_says_why_it_is_no_input():
    with pytest.raises(
        RecipeError,
        match=r'besides the target "y"[\s\S]*column "x": Ignored '
        r"because 58 of 60 cells are numbers",
    ):
        inferred(x=["90+", "<5", *map(str, PLAIN[2:])])


def test_few_labels_that_hold_numbers_stay_categories():
    found = inferred(x=["1", "2", "3", "many"] * 15)
    assert tabular(found)["categories"] == ["x"]
    assert any("45 of 60 cells are numbers" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    "cells",
    [
        ["2023-01-02", "2023-02-03"] * 30,
        ["2023-01-02 10:30:00", "-"] * 30,
        [datetime.date(2023, 1, 2), datetime.date(2023, 2, 3)] * 30,
        [datetime.datetime(2023, 1, 2, 3), None, datetime.datetime(2023, 2, 2)] * 20,
        pa.array(
            [datetime.datetime(2023, 1, 2), datetime.datetime(2023, 1, 3)] * 30,
            pa.timestamp("ns", tz="UTC"),
        ).to_pylist(),
        ["1/2/2023 4:05 PM", "2/3/2023 11:00 AM"] * 30,
        ["31.12.2023", "1.2.2023"] * 30,
        ["2023-01-01T10:00:00Z", "2023-01-02T10:00:00+02:00"] * 30,
    ],
)
def test_dates_are_inputs(cells):
    found = inferred(x=[*cells[:-1], cells[0]])
    assert tabular(found)["dates"] == ["x"]
    assert decoded(found, read({"x": cells}), "x")[0].when.year == 2023


def test_the_order_of_day_and_month_is_kept_and_can_be_asked_for():
    cells = ["1/2/2023", "3/4/2023"] * 30
    found = inferred(x=cells)
    assert found.values["columns"] == {"x": {"day_first": False}}
    assert any("columns.x.day_first=true reads the day first" in r for r in found.reasons)
    asked = inferred("columns.x.day_first=true", x=cells)
    assert decoded(asked, read({"x": cells}), "x")[0].when.month == 2


@pytest.mark.parametrize(
    ("cells", "settings"),
    [
        ([f"{n}".replace(".", ",") for n in PLAIN], {"decimal": ","}),
        ([f"${n:,.2f}" for n in PLAIN], {"thousands": ",", "unit": "$"}),
        (["inf", "-", *map(str, PLAIN[2:])], {}),
    ],
)
def test_a_target_of_prices_is_a_regression(cells, settings):
    found = inferred(target="price", price=cells)
    assert found.values["task"] == "regression"
    assert found.values.get("columns", {}).get("price", {}) == settings
    assert any(r.startswith('columns: "price" is a number (') for r in found.reasons) is bool(
        settings
    )
    target = assemble.build_target(from_dict(found.values))
    assert [target.read(cell) for cell in cells[2:]] == pytest.approx(PLAIN[2:])
    if "inf" in cells:
        with pytest.raises(DataError, match=r"needs a number\. Got 'inf'"):
            target.read("inf")
        assert target.is_empty("-")


def test_a_target_that_is_no_number_in_some_rows_asks():
    cells = ["90+", *map(str, PLAIN[1:])]
    with pytest.raises(
        DataError,
        match=r'"price" is the target, but 59 of 60 cells are numbers; '
        r'others such as "90\+" are not',
    ) as caught:
        inferred(target="price", price=cells)
    assert "columns.price.missing" in str(caught.value)
    found = inferred('columns.price.missing=["90+"]', target="price", price=cells)
    assert found.values["task"] == "regression"
    assert assemble.build_target(from_dict(found.values)).is_empty("90+")
    assert (
        inferred("columns.price.kind=number", target="price", price=cells).values["task"]
        == "regression"
    )


def test_a_target_of_dates_is_refused():
    days = [f"2023-01-{1 + row % 28:02}" for row in range(ROWS)]
    with pytest.raises(DataError, match=r"has dates, which no task predicts. Make a column of"):
        inferred(target="when", when=days)
    with pytest.raises(DataError, match="has dates"):
        inferred(target="when", when=[datetime.date.fromisoformat(day) for day in days])


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["red;round", "red", "blue;round", "blue;square;red"] * 15, ";"),
        (["red, round", "red", "blue, round", "blue, square, red"] * 15, ","),
        (["['red', 'round']", "['red']", "['blue', 'round']", "['blue', 'red']"] * 15, None),
    ],
)
@pytest.mark.parametrize("asked", [[], ["task=multilabel"]])
def test_several_labels_in_a_cell(cells, separator, asked):
    found = inferred(*asked, target="tags", tags=cells)
    task = found.values["task"]
    assert (task if isinstance(task, str) else task["name"]) == "multilabel"
    target = assemble.build_target(from_dict(found.values))
    target.fit(cells)
    assert sorted(target.labels) == sorted(
        {"red", "round", "blue"} | ({"square"} if separator else set())
    )
    assert target.separator == (separator or "|")


def test_a_separator_that_is_given_stays():
    found = inferred("task.separator=+", target="tags", tags=["a;b+c", "a;b", "c+d"] * 20)
    assert found.values["task"]["separator"] == "+"


def test_columns_may_be_numbers_or_categories_by_wish():
    found = inferred(
        "columns.zip.kind=category", zip=[str(10_000 + n % 7) for n in range(ROWS)], x=PLAIN
    )
    assert (tabular(found)["numbers"], tabular(found)["categories"]) == (["x"], ["zip"])
    given = inferred(
        "inputs.tabular.modality=tabular",
        "inputs.tabular.columns=[zip, x]",
        "inputs.tabular.categories=[zip]",
        zip=[str(10_000 + n % 7) for n in range(ROWS)],
        x=PLAIN,
    )
    assert (tabular(given)["numbers"], tabular(given)["categories"]) == (["x"], ["zip"])


def test_a_column_that_is_forced_into_a_tabular_input_is_read_as_it_is_written():
    found = inferred("inputs.cost.modality=tabular", cost=[f"${n}" for n in PLAIN])
    assert found.values["inputs"]["cost"]["numbers"] == ["cost"]
    assert found.values["columns"] == {"cost": {"unit": "$"}}


def test_settings_of_unknown_columns_are_refused():
    with pytest.raises(RecipeError, match=r'columns: No column named "pric".*Did you mean "pri'):
        inferred("columns.pric.decimal='.'", price=PLAIN)
