"""Columns of anything: what is taken for numbers or dates reads in every cell."""

from __future__ import annotations

import contextlib
import random

import pytest

from polymodal.core.errors import PolymodalError
from polymodal.preprocess.tabular import Tabular
from polymodal.profile.columns import judge_columns
from polymodal.recipe.guessed.task import infer_task
from polymodal.tables.table import read

PIECES = [
    "1",
    "12",
    "123",
    "1,234",
    "1.5",
    "0,5",
    "$",
    "€",
    "%",
    " kg",
    "kg",
    "-",
    "+",
    "(",
    ")",
    ".",
    ",",
    "/",
    "2023",
    "01",
    "13",
    ":",
    "am",
    "PM",
    "T",
    "Z",
    "Jan",
    "a",
    "é",
    "²",
    "'",
    " ",
    "\u00a0",
    "inf",
    "nan",
    "?",
    "e5",
    "_",
    "#",
    "١",
    "½",
    "|",
    ";",
    "[",
    "'x'",
    "true",
]


def column(rng: random.Random) -> list[str]:
    """Returns cells of one style, with a piece of another here and there."""
    style = [rng.choice(PIECES) for _ in range(rng.randint(1, 4))]
    return [
        "".join(
            rng.choice(PIECES)
            if rng.random() < 0.1
            else str(rng.randint(0, 3000))
            if piece.isdecimal()
            else piece
            for piece in style
        )
        for _ in range(rng.randint(2, 30))
    ]


def count_numeric(seed: int, columns: int) -> int:
    """Returns how many of some columns are numbers or dates; checks that their cells are read."""
    rng, numeric = random.Random(seed), 0
    for _ in range(columns):
        cells = column(rng)
        table = read({"x": cells, "y": [str(row % 2) for row in range(len(cells))]})
        with contextlib.suppress(PolymodalError):  # a column may well be no target
            infer_task(table, "x")
        fields = [
            guess.fields["x"] for guess in judge_columns(table, "y").inputs if "x" in guess.fields
        ]
        for verdict in fields:
            kind = {"number": "numbers", "date": "dates"}.get(verdict.kind, "categories")
            modality = Tabular(**{kind: ["x"]}, readings={"x": verdict.reading.to_dict()})
            numeric += verdict.kind != "category"
            for cell in table.values("x"):
                if cell is not None:
                    modality.decode({"x": cell})
    return numeric


def test_a_few_hundred_columns():
    assert count_numeric(seed=0, columns=400) > 10


@pytest.mark.slow
def test_many_columns():
    found = count_numeric(seed=1, columns=8_000)
    print(f"8,000 columns, {found} of them numbers or dates, 0 cells that are not read")
