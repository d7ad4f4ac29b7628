"""Rows in memory and tables that lack inputs, or name what the model does not know."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from polymodal.core.errors import RecipeError
from polymodal.inference.given_rows import checked_rows, with_all_inputs
from polymodal.inference.trained_on import TrainedOn
from polymodal.tables.table import read


@pytest.fixture
def predictor():
    recipe = SimpleNamespace(target="label", group=None, order=None, inputs={})
    inputs = [SimpleNamespace(columns=["picture"]), SimpleNamespace(columns=["x", "z"])]
    return SimpleNamespace(
        recipe=recipe,
        inputs=inputs,
        task=SimpleNamespace(converses=False),
        trained_on=TrainedOn(("id", "picture", "x", "z", "label")),
    )


def test_an_absent_key_is_a_missing_input(predictor):
    assert checked_rows(predictor, [{"x": 1, "id": 7}, {}]) == [
        {"picture": None, "x": 1, "z": None, "id": 7},
        {"picture": None, "x": None, "z": None},
    ]


def test_what_is_no_list_of_rows_is_left_alone(predictor):
    for rows in ("t.csv", read({"x": [1]}), {"x": [1, 2]}, {"x": 1}):
        assert checked_rows(predictor, rows) is rows


@pytest.mark.parametrize(
    "rows",
    [
        [{"x": 1}, {"pictrue": "a.png"}],
        {"pictrue": "a.png"},
        {"pictrue": ["a.png", "b.png"], "picture": ["a", "b"]},
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(predictor, rows):
    with pytest.raises(
        RecipeError,
        match=r'No input named "pictrue"\. Inputs: picture, x, z\. '
        r'Did you mean "picture"',
    ):
        checked_rows(predictor, rows)


def test_a_model_that_does_not_know_its_table_refuses_only_where_an_input_is_absent(predictor):
    predictor.trained_on = TrainedOn()
    assert checked_rows(predictor, [{"picture": "a", "x": 1, "z": 2, "other": 3}])
    with pytest.raises(RecipeError, match='No input named "other"'):
        checked_rows(predictor, [{"picture": "a", "other": 3}])


def test_a_column_that_a_table_lacks_is_missing_and_said(predictor, capsys):
    table = with_all_inputs(predictor, read({"x": [1, 2]}, name="new.csv"))
    assert [table.cell(1, name) for name in ("x", "z", "picture")] == [2, None, None]
    assert capsys.readouterr().err == (
        'Warning: new.csv has no columns "picture" and "z". They count as missing in every row.\n'
    )


def test_a_table_without_any_input_is_refused(predictor):
    asked = r'needs a column for at least one input: picture, x, z\. No column named "picture"'
    with pytest.raises(RecipeError, match=rf"new\.csv {asked}\. Columns: pictures"):
        with_all_inputs(predictor, read({"pictures": ["a.png"]}, name="new.csv"))
