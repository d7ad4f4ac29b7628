"""Numbers and categories as features, missing ones masked."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.collate import collate
from polymodal.preprocess.tabular import Tabular

ROWS = [
    {"age": "30", "town": "Rome", "paid": True},
    {"age": "50", "town": "Oslo", "paid": False},
    {"age": None, "town": "Rome", "paid": None},
]


def fitted(**arguments):
    table = Tabular(**arguments)
    table.fit([table.decode(row) for row in ROWS])
    return table


def test_columns_become_features():
    table = fitted()
    assert table.features == [
        "age",
        "town=Oslo",
        "town=Rome",
        "town=other",
        "paid=false",
        "paid=true",
        "paid=other",
    ]
    assert table.shape == (7,)
    encoded = table.encode(table.decode(ROWS[1]))
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [1, 1, 0, 0, 1, 0, 0]


def test_a_missing_value_masks_its_own_features():
    table = fitted()
    arrays = [table.encode(table.decode(row)) for row in ROWS]
    batch, mask = collate(table, [*arrays, None])
    assert mask[0].all()
    assert mask[2].tolist() == [False, True, True, True, False, False, False]
    assert not mask[3].any()
    assert not batch[~mask].any()


def test_unseen_and_rare_categories_are_other():
    table = fitted(max_categories=1)
    assert table.levels["town"] == ["Rome"]
    encoded = table.encode(table.decode({"age": 40, "town": "Lima", "paid": True}))
    assert encoded[table.features.index("town=other")] == 1
    assert encoded[0] == 0


@pytest.mark.parametrize("missing", [None, "", " NA ", "nan", "null", float("nan")])
def test_spellings_of_a_missing_number(missing):
    table = fitted()
    assert np.isnan(table.encode(table.decode({"age": missing, "town": "Rome"}))[0])


def test_outliers_are_bounded():
    table = fitted()
    assert table.encode(table.decode({"age": 1e30}))[0] == 10


def test_whole_floats_and_integers_are_one_category():
    table = Tabular(categories=["code"])
    table.fit([table.decode({"code": value}) for value in (1, 1.0, "1", 2.5)])
    assert table.levels == {"code": ["1", "2.5"]}


def test_state_survives_json():
    table, other = fitted(), Tabular()
    other.restore(json.loads(json.dumps(table.state())))
    assert other.features == table.features
    for row in ROWS:
        ours, theirs = (t.encode(t.decode(row)) for t in (table, other))
        assert np.array_equal(ours, theirs, equal_nan=True)


def test_noise_moves_numbers_only():
    table = fitted(noise=0.1)
    decoded = table.decode(ROWS[0])
    varied = table.augment(decoded, generator(0))
    assert varied["town"] == "Rome"
    assert varied["age"] != decoded["age"]
    assert table.augment(table.decode(ROWS[2]), generator(0))["age"] is None
    assert fitted().augment(decoded, generator(0)) == decoded


def test_suggestion_sorts_columns():
    assert Tabular.suggest(ROWS) == {"numbers": ["age"], "categories": ["town", "paid"]}
    assert Tabular.suggest([None]) == {}


def test_wrong_values_say_what_is_wrong():
    with pytest.raises(DataError, match=r'column "age" needs a number[.] Got .old.[.] Correct'):
        fitted().decode({"age": "old"})
    with pytest.raises(DataError, match=r"needs {column: value}. Got str"):
        fitted().decode("x")


def test_wrong_arguments_fail_at_once():
    with pytest.raises(RecipeError, match=r"needs each column once. Got \['a'\]"):
        Tabular(numbers=["a"], categories=["a"])
    with pytest.raises(RecipeError, match="Tabular needs max_categories from 1"):
        Tabular(max_categories=0)


READ = {
    "price": {"decimal": ",", "thousands": ".", "unit": "€", "missing": ["k.A."]},
    "when": {"day_first": True},
    "land": {"ignore_case": True},
}
SOLD = [
    {"price": "1.000,50 €", "when": "1/2/2023", "land": "DE"},
    {"price": "3.000,50", "when": "5/4/2024", "land": "de "},
    {"price": "k.A.", "when": "-", "land": "FR"},
]


def sold():
    table = Tabular(numbers=["price"], categories=["land"], dates=["when"], readings=READ)
    table.fit([table.decode(row) for row in SOLD])
    return table


def test_cells_are_read_as_their_column_is_written():
    table = sold()
    assert [table.decode(row)["price"] for row in SOLD] == [1000.5, 3000.5, None]
    assert table.mean.tolist() == [2000.5]
    assert table.decode(SOLD[0])["when"].when.month == 2
    assert table.levels == {"land": ["DE", "FR"]}
    assert table.features[:2] == ["price", "when days since the first"]
    assert table.features[-3:] == ["land=DE", "land=FR", "land=other"]


def test_how_cells_are_read_is_in_the_state():
    table = sold()
    state = json.loads(json.dumps(table.state()))
    again = Tabular()
    again.restore(state)
    for row in [*SOLD, {"price": 2000.5, "when": "31/12/2025", "land": "fr"}]:
        np.testing.assert_array_equal(
            again.encode(again.decode(row)), table.encode(table.decode(row))
        )
    assert again.state() == state


def test_state_from_before_formats_were_kept():
    state = fitted().state()
    for key in ("formats", "readings", "dates", "calendars", "missing"):
        del state[key]
    again = Tabular()
    again.restore(state)
    assert again.encode(again.decode(ROWS[1])).tolist() == [1, 1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        ("price", "5 $", 'column "price" needs a number in "€"[.] Got .5 [$].[.]'),
        ("price", "12.5", "needs a number such as 1[.]234,5 €[.] Got .12[.]5.[.]"),
        ("when", "1/13/2023", 'column "when" needs a date, day first[.] Got .1/13/2023.[.]'),
    ],
)
def test_what_is_written_otherwise_is_named(column, cell, problem):
    with pytest.raises(DataError, match=problem):
        sold().decode({column: cell})


def test_an_infinite_number_is_a_gap():
    table = fitted()
    for cell in (float("inf"), "-inf", "1e999"):
        assert table.decode({"age": cell})["age"] is None
        assert table.gaps({"age": cell}) == ["age"]
    assert table.gaps({"age": "3e1"}) == table.gaps({"town": "Inverness"}) == []


@pytest.mark.parametrize("cells", [["True", "true", True], ["0", "0.0", 0.0]])
def test_spellings_of_one_category_are_one(cells):
    table = Tabular(categories=["c"])
    table.fit([table.decode({"c": cell}) for cell in cells])
    assert len(table.levels["c"]) == 1
    encoded = {tuple(table.encode(table.decode({"c": cell}))) for cell in cells}
    assert encoded == {(1.0, 0.0)}


def test_categories_that_differ_only_in_case_are_pointed_out():
    table = Tabular(categories=["land"])
    table.fit([table.decode({"land": cell}) for cell in ("US", "us", "US")])
    assert table.notes() == [
        'Column "land": "US" and "us" differ only in case and count as different labels; --set '
        "columns.land.ignore_case=true makes them one."
    ]
