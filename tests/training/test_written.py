"""A run keeps how its table is written: what train writes one way may come in another."""

from __future__ import annotations

import random

import pytest

from polymodal.inference.predictor import load
from polymodal.tables.table import read
from polymodal.training.run import train

ROWS = 80


def sold(rows=ROWS):
    """Returns columns of sales: prices in euros, dates with the day first, and a share."""
    rng = random.Random(0)
    areas = [round(rng.uniform(10, 2000), 1) for _ in range(rows)]
    return {
        "area": [f"{a:,.1f} m²".translate(str.maketrans(",.", ".,")) for a in areas],
        "day": [
            f"{rng.randint(1, 28)}.{rng.randint(1, 12)}.{2020 + row % 4}" for row in range(rows)
        ],
        "land": [rng.choice(["DE", "de", "FR"]) for _ in range(rows)],
        "price": ["-" if row % 20 == 3 else f"${3 * a + 10:,.2f}" for row, a in enumerate(areas)],
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    given = {
        "target": "price",
        "training": {"epochs": 1},
        "columns": {"land": {"ignore_case": True}},
    }
    return train({"train": read(sold())}, given, tmp_path_factory.mktemp("run"), baselines=False)


def test_the_recipe_says_how_columns_are_written(run):
    assert run.predictor.recipe.columns == {
        "area": {"decimal": ",", "thousands": ".", "unit": "m²"},
        "day": {"day_first": True},
        "land": {"ignore_case": True},
        "price": {"thousands": ",", "unit": "$"},
    }
    levels = run.predictor.inputs[0].modality.levels["land"]
    assert sorted(level.upper() for level in levels) == ["DE", "FR"]


def test_a_loaded_run_reads_and_answers_as_train_was_written(run):
    again = load(run.folder)
    written = read({"area": ["1.000,5 m²"], "day": ["2.1.2023"], "land": [" de"]})
    plain = read({"area": [1000.5], "day": ["2023-01-02"], "land": ["DE"]})
    answers = [again.predict(table).outputs.item() for table in (written, plain)]
    assert (
        answers[0]
        == answers[1]
        == pytest.approx(run.predictor.predict(written).outputs.item(), rel=1e-4)
    )


def test_tables_of_plain_numbers_are_scored(run):
    table = {**sold(3), "area": ["12.5", "1.125", "90"], "price": ["47.5", "13.4", "280"]}
    scores = load(run.folder).evaluate(read(table))
    assert scores["rows"]["used"] == 3


def test_what_is_written_otherwise_names_its_row(run):
    found = load(run.folder).predict(
        read({"area": ["5,5 ft²", "5,5"], "day": ["2.1.2023", "1/31/2023"], "land": ["DE", "FR"]})
    )
    assert 'row 1: column "area" needs a number in "m²"' in found.errors[0]
    assert 'row 2: column "day" needs a date, day first' in found.errors[1]
