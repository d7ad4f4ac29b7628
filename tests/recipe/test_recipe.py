"""A recipe that cannot be meant is refused with one line, before anything is read."""

from __future__ import annotations

import pytest

from polymodal.core.errors import RecipeError
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.table import read

ROWS = {
    "size": [1.5, 2.5, 3.5, 4.5] * 3,
    "note": ["a b", "c d", "e f", "g h"] * 3,
    "day": [1, 1, 2, 2] * 3,
    "hour": [1, 2] * 6,
    "digit": ["x", "y"] * 6,
}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"digit": {"modality": "text"}}, 'Got "digit", the target'),
        ({"a": {"modality": "text", "column": "digit"}}, 'Got "digit", the target'),
        ({"a": {"modality": "tabular", "columns": ["size", "digit"]}}, 'Got "digit", the target'),
        ({"day": {"modality": "text"}}, 'Got "day", the group'),
        ({"a": {"modality": "tabular", "columns": ["size", "hour"]}}, 'Got "hour", the order'),
    ],
)
def test_an_input_that_is_the_answer_or_arranges_rows_is_refused(inputs, said):
    given = {"target": "digit", "group": "day", "order": "hour", "inputs": inputs}
    with pytest.raises(RecipeError, match=r"inputs.* needs a column that is neither") as whole:
        from_dict(given)
    assert said in str(whole.value)
    with pytest.raises(RecipeError, match=said):
        infer(read(ROWS), given)


def test_the_target_cannot_be_ignored():
    with pytest.raises(RecipeError, match=r'--ignore needs .*Got "digit", the target'):
        infer(read(ROWS), {"target": "digit"}, ["digit"])
