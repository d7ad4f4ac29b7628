"""Numbers of the steps of grouped rows, as they are written in a table."""

from __future__ import annotations

import numpy as np
import pytest

from polymodal.core.errors import DataError
from polymodal.recipe import assemble
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import from_dict
from polymodal.tables.group import group_rows
from polymodal.tables.table import read

ROWS = 60
NUMBERS = [row * 1.5 for row in range(ROWS)]


def read_back(cells):
    """Returns the recipe of rows in groups of six, and their numbers as it reads them."""
    rows = {
        "v": [str(row // 6) for row in range(ROWS)],
        "x": cells,
        "y": ["ab"[row % 7 % 2] for row in range(ROWS)],
    }
    table = group_rows(read(rows), "v")
    found = infer(table, {"target": "y", "group": "v"})
    modality = assemble.build_inputs(from_dict(found.values))[0].modality
    return (
        found,
        modality,
        np.concatenate([modality.decode(table.cell(row, "x")) for row in range(len(table))])[:, 0],
    )


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        (NUMBERS, None),
        ([str(n) for n in NUMBERS], None),
        ([f"{n}%" for n in NUMBERS], {"x": {"unit": "%"}}),
        ([f"{n:.2f} €".replace(".", ",") for n in NUMBERS], {"x": {"decimal": ",", "unit": "€"}}),
        (["-", *map(str, NUMBERS[1:])], None),
    ],
)
def test_steps_are_read_as_they_are_written(cells, columns):
    found, modality, numbers = read_back(cells)
    assert found.values["inputs"]["x"]["modality"] == "sequence"
    assert found.values["inputs"]["x"]["dim"] == 1
    assert found.values.get("columns") == columns
    assert numbers[1:] == pytest.approx(NUMBERS[1:])
    assert np.isnan(numbers[0]) == (cells[0] == "-")
    again = type(modality)(dim=1)
    again.restore(modality.state())
    np.testing.assert_array_equal(again.decode(cells[1:3]), modality.decode(cells[1:3]))


def test_a_step_that_is_no_number_is_named():
    _, modality, _ = read_back([f"{n}%" for n in NUMBERS])
    with pytest.raises(DataError, match=r'at step 2 needs a number in "%"\. Got .5 kg.'):
        modality.decode(["5%", "5 kg"])
