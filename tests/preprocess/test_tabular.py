"""Numbers and categories as features, missing ones masked."""

import json

import numpy as np
import pytest

from polymodal.core.errors import DataError, RecipeError
from polymodal.core.seeds import generator
from polymodal.preprocess.collate import collate
from polymodal.preprocess.tabular import Tabular

ROWS = [{"age": "30", "town": "Rome", "paid": True}, {"age": "50", "town": "Oslo", "paid": False},
        {"age": None, "town": "Rome", "paid": None}]


def fitted(**arguments):
    table = Tabular(**arguments)
    table.fit([table.decode(row) for row in ROWS])
    return table


def test_columns_become_features():
    table = fitted()
    assert table.features == ["age", "town=Oslo", "town=Rome", "town=other", "paid=false",
                              "paid=true", "paid=other"]
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
    with pytest.raises(DataError, match=r'needs a number in "age"[.] Got .old.[.] Correct'):
        fitted().decode({"age": "old"})
    with pytest.raises(DataError, match=r'needs a number in "age"[.] Got inf'):
        fitted().decode({"age": float("inf")})
    with pytest.raises(DataError, match=r"needs {column: value}. Got str"):
        fitted().decode("x")


def test_wrong_arguments_fail_at_once():
    with pytest.raises(RecipeError, match=r"needs each column once. Got \['a'\]"):
        Tabular(numbers=["a"], categories=["a"])
    with pytest.raises(RecipeError, match="Tabular needs max_categories from 1"):
        Tabular(max_categories=0)
